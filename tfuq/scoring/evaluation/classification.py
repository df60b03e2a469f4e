"""Scores of classifications: right and wrong, calibration, and how well each measure finds the errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.calibrations import Calibration
from tfuq.config import Config
from tfuq.data.classification import class_of
from tfuq.data.stored import numbers, read_table
from tfuq.errors import RunError
from tfuq.results import PREDICTIONS, Manifest, require_cases
from tfuq.scoring.association import auroc_interval
from tfuq.scoring.bootstrap import bounds
from tfuq.scoring.calibration import brier, brier_parts, calibration_errors, confidence_bins, negative_log_likelihood
from tfuq.scoring.classification import class_scores, confusion, detection_scores, ood_scores
from tfuq.scoring.evaluation.diversity import images_diversity
from tfuq.scoring.evaluation.failures import FailureOptions, classification_cohort, refuse_limit
from tfuq.scoring.evaluation.promises import checked_calibration, kept_sets, summary_head
from tfuq.scoring.evaluation.references import referenced_cases
from tfuq.scoring.evaluation.scores import OnCase, Scores, meaning, provenance, reliability_rows
from tfuq.scoring.metrics import MEASURES

_AGAIN = "predict again with --overwrite"
_ROUNDING = 1e-4  # of a probability in a table, which has six digits
_LEAST = -1e-5  # of a measure: what rounding makes of 0


@dataclass(frozen=True)
class PredictedClasses:
    """A predictions table: ids, ``p [n, K]``, ``votes [n, K]`` (None of one sample), measures ``[n]`` by name, the probabilities
    ``before [n, K]`` scaling (None where none was), and the rows as they are."""

    ids: list[str]
    p: np.ndarray
    votes: np.ndarray | None
    measures: dict[str, np.ndarray]
    before: np.ndarray | None
    rows: list[dict[str, str]]


def read_predictions(folder: Path, classes: list[str]) -> PredictedClasses:
    """Read ``predictions.csv``.

    Raises:
        RunError: missing or damaged.
    """
    path, columns = folder / PREDICTIONS, [f"probability_{name}" for name in classes]
    rows = read_table(path, ("case", *columns), _AGAIN)
    ids = [row["case"] for row in rows]
    if not rows:
        raise RunError(f"{path}: has no rows; {_AGAIN}")
    if len(set(ids)) < len(ids):
        raise RunError(f"{path}: has two rows of one case; {_AGAIN}")

    def by_class(prefix):
        names = [f"{prefix}_{name}" for name in classes]
        return probabilities(path, rows, names, _AGAIN) if names[0] in rows[0] else None

    votes = by_class("votes")
    needed = MEASURES[:1] if votes is None else MEASURES
    measures = {name: numbers(path, rows, name, _AGAIN, low=_LEAST) for name in MEASURES if name in needed or name in rows[0]}
    return PredictedClasses(ids, by_class("probability"), votes, measures, by_class("uncalibrated"), rows)


def probabilities(path: Path, rows: Sequence[dict[str, str]], columns: Sequence[str], remedy: str) -> np.ndarray:
    """Probabilities of classes ``[n, K]`` from a table's rows.

    Raises:
        RunError: a cell is no probability, or those of a row do not add up to 1.
    """
    p = np.stack([numbers(path, rows, name, remedy, low=0, high=1 + _ROUNDING) for name in columns], -1)
    if (np.abs(p.sum(1) - 1) > _ROUNDING * len(columns)).any():
        raise RunError(f"{path}: '{columns[0]}' and the others of a row do not add up to 1; {remedy}")
    return p


def score_classification(
    folder: Path, manifest: Manifest, config: Config, reference: Path | None, on_case: OnCase, failures: FailureOptions
) -> Scores:
    """Score predicted classes against the data set's, or those of a folder in its layout.

    Raises:
        RunError: a damaged table. DataError: a case without a class, a limit of failure.
    """
    refuse_limit(failures)
    predicted, truth = read_predictions(folder, config.data.classes), true_classes(manifest, config, reference)
    require_cases(folder / PREDICTIONS, predicted.ids, manifest)
    y = np.array([truth[case_id] for case_id in predicted.ids])
    wrong = predicted.p.argmax(1) != y
    cases = [_row(predicted, config.data.classes, i, int(y[i])) for i in range(len(y))]
    on_case(f"{len(predicted.ids)} cases")
    scores = {
        name: {"mean": value, "std": None, "n": len(y), **meaning(name)} for name, value in class_scores(predicted.p, y).items()
    }
    summary = provenance(manifest) | {
        "scores": {"all": scores},
        "error_detection": {name: detection_scores(values, wrong) for name, values in predicted.measures.items()},
        "confusion": confusion(predicted.p, y).tolist(),
        "brier_parts": brier_parts(predicted.p, y),
        "reliability": reliability_rows(confidence_bins(predicted.p, y)),
        **_calibrated(predicted, y, config.data.classes, checked_calibration(manifest)),
    }
    tables: dict[str, list[dict]] = {}
    if diversity := images_diversity(folder, predicted.ids, predicted.rows, y, config.data.classes):
        diversity.enter(summary, tables, 1)
    return Scores(
        cases, summary, tables, cohorts=[classification_cohort(predicted.ids, predicted.p, wrong, predicted.measures)]
    )


def _calibrated(predicted: PredictedClasses, y: np.ndarray, classes: list[str], calibration: Calibration | None) -> dict:
    """Scores before scaling, and whether the sets' promises were kept; nothing of predictions that are not calibrated."""
    if calibration is None:
        return {}
    if predicted.before is None:
        raise RunError(
            f"{PREDICTIONS}: has no column 'uncalibrated_{classes[0]}', and the predictions are calibrated; {_AGAIN}"
        )
    return {
        "calibration": summary_head(calibration),
        "before_calibration": calibration_errors(predicted.before, y),
        "conformal": kept_sets(predicted.rows, y, classes, calibration),
    }


def true_classes(manifest: Manifest, config: Config, reference: Path | None) -> dict[str, int]:
    """The number of each predicted case's class."""
    return {case_id: class_of(config, case) for case_id, case in referenced_cases(manifest, config, reference).items()}


def _row(predicted: PredictedClasses, classes: list[str], i: int, truth: int) -> dict:
    p, y = predicted.p[i : i + 1], np.array([truth])
    label = int(p.argmax())
    row = {
        "case": predicted.ids[i],
        "class": "all",
        "truth": classes[truth],
        "label": classes[label],
        "accuracy": int(label == truth),
    }
    row |= {"nll": negative_log_likelihood(p, y), "brier": brier(p, y)}
    return row | {name: float(values[i]) for name, values in predicted.measures.items()}


def out_of_distribution(inside: Path, outside: Path, classes: list[str]) -> dict[str, dict]:
    """How well each measure of a predictions folder tells the cases of another from its own (see `ood_scores`), with the 95 %
    interval of the AUROC over resampled cases."""
    a, b = (read_predictions(folder, classes).measures for folder in (inside, outside))
    return {name: _told_apart(a[name], b[name]) for name in a if name in b}


def _told_apart(inside: np.ndarray, outside: np.ndarray) -> dict[str, float | None]:
    values = np.concatenate([inside, outside])
    is_outside = np.repeat([False, True], [len(inside), len(outside)])
    interval = auroc_interval(values, is_outside, np.arange(len(values)))
    return ood_scores(inside, outside) | bounds(interval, "auroc_")
