"""Scores of classifications: right and wrong, calibration, and how measures find the errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfuq.calibration.records import Calibration
from tfuq.config import Config
from tfuq.data.events import TableScored
from tfuq.data.sets.classification import class_of
from tfuq.errors import RunError
from tfuq.runs.results import PREDICTIONS, Manifest, require_cases
from tfuq.scoring.calibration import (
    brier,
    brier_parts,
    calibration_errors,
    confidence_bins,
    negative_log_likelihood,
)
from tfuq.scoring.class_detection import class_rows, mean_area
from tfuq.scoring.classification import class_scores, confusion, detection_scores
from tfuq.scoring.evaluation.class_table import PredictedClasses, read_predictions
from tfuq.scoring.evaluation.cohorts import classification_cohort
from tfuq.scoring.evaluation.failures import refuse_limit
from tfuq.scoring.evaluation.member_scores import enter_members, image_rows
from tfuq.scoring.evaluation.members import images_diversity, images_members
from tfuq.scoring.evaluation.promises import checked_calibration, kept_sets, summary_head
from tfuq.scoring.evaluation.references import referenced_cases
from tfuq.scoring.evaluation.scores import (
    SCORERS,
    ScoreRequest,
    Scores,
    meaning,
    provenance,
    reliability_rows,
)
from tfuq.scoring.rows import Row

_AGAIN = "predict again with --overwrite"


@SCORERS.register("classification")
def score_classification(request: ScoreRequest) -> Scores:
    """Score predicted classes against the data set's, or those of a folder in its layout.

    Raises:
        RunError: a damaged table.
        DataError: a case without a class, a limit of failure.
    """
    refuse_limit(request.failures)
    classes = request.config.data.classes
    predicted = read_predictions(request.folder, classes)
    truth = true_classes(request.manifest, request.config, request.reference)
    require_cases(request.folder / PREDICTIONS, predicted.ids, request.manifest)
    y = np.array([truth[case_id] for case_id in predicted.ids])
    wrong = predicted.p.argmax(1) != y
    cases = _case_rows(predicted, classes, y)
    request.observer.notify(TableScored(cases=len(predicted.ids)))
    summary = _summary(request.manifest, predicted, y, classes)
    tables: dict[str, list[Row]] = {"classes": summary["by_class"]}
    by_member = images_members(request.folder, predicted.ids, predicted.rows, classes)
    rows_of_members = []
    if by_member is not None:
        diversity = images_diversity(by_member, y, request.folder, predicted.rows)
        diversity.enter(summary, tables, 1)
        rows_of_members = image_rows(by_member, predicted.p, y)
    enter_members(rows_of_members, request.manifest, summary, tables)
    cohort = classification_cohort(predicted.ids, predicted.p, wrong, predicted.measures)
    return Scores(cases=cases, summary=summary, tables=tables, cohorts=[cohort])


def _summary(
    manifest: Manifest,
    predicted: PredictedClasses,
    y: np.ndarray,
    classes: list[str],
) -> Row:
    wrong = predicted.p.argmax(1) != y
    by_class = class_rows(predicted.p, y, classes)
    figures = class_scores(predicted.p, y)
    area = mean_area(by_class)
    if area is not None:
        figures["auroc_macro"] = area
    scores = {}
    for name, value in figures.items():
        scores[name] = {"mean": value, "std": None, "n": len(y), **meaning(name)}
    detection = {}
    for name, values in predicted.measures.items():
        detection[name] = detection_scores(values, wrong)
    return {
        **provenance(manifest),
        "scores": {"all": scores},
        "by_class": by_class,
        "error_detection": detection,
        "confusion": confusion(predicted.p, y).tolist(),
        "brier_parts": brier_parts(predicted.p, y),
        "reliability": reliability_rows(confidence_bins(predicted.p, y)),
        **_calibrated(predicted, y, classes, checked_calibration(manifest)),
    }


def _calibrated(
    predicted: PredictedClasses,
    y: np.ndarray,
    classes: list[str],
    calibration: Calibration | None,
) -> Row:
    """Scores before scaling, and whether the sets' promises were kept.

    There is nothing of predictions that are not calibrated.
    """
    if calibration is None:
        return {}
    if predicted.before is None:
        raise RunError(
            f"{PREDICTIONS}: has no column 'uncalibrated_{classes[0]}', "
            f"and the predictions are calibrated; {_AGAIN}"
        )
    return {
        "calibration": summary_head(calibration),
        "before_calibration": calibration_errors(predicted.before, y),
        "conformal": kept_sets(predicted.rows, y, classes, calibration),
    }


def true_classes(
    manifest: Manifest,
    config: Config,
    reference: Path | None,
) -> dict[str, int]:
    """The number of each predicted case's class; arguments as in `referenced_cases`."""
    cases = referenced_cases(manifest, config, reference)
    return {case_id: class_of(config, case) for case_id, case in cases.items()}


def _case_rows(predicted: PredictedClasses, classes: list[str], truth: np.ndarray) -> list[Row]:
    """Rows of ``cases.csv``."""
    rows = []
    for index, case_id in enumerate(predicted.ids):
        p = predicted.p[index : index + 1]
        y = truth[index : index + 1]
        label = int(p.argmax())
        row: Row = {
            "case": case_id,
            "class": "all",
            "truth": classes[y[0]],
            "label": classes[label],
            "accuracy": int(label == y[0]),
            "nll": negative_log_likelihood(p, y),
            "brier": brier(p, y),
        }
        for name, values in predicted.measures.items():
            row[name] = float(values[index])
        rows.append(row)
    return rows
