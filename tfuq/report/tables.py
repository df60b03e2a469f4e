"""Figures of the tasks whose predictions are tables: what to draw of them, and from which files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tfuq import results
from tfuq.data.cases import read_case_image
from tfuq.data.landmarks import reference_points
from tfuq.data.stored import numbers, read_table
from tfuq.errors import RunError
from tfuq.report.classification import confusion_figure, extremes, rejection
from tfuq.report.landmarks import error_scatter, overlay, quantile_bars
from tfuq.runs import Run
from tfuq.scoring.classification import rejection_curve
from tfuq.scoring.evaluation import Scores
from tfuq.scoring.evaluation.classification import read_predictions, true_classes
from tfuq.scoring.evaluation.references import referenced_cases

_SHOWN, _WORST = 5, 3
_AGAIN = "predict again with --overwrite"


def classification_figures(folder: Path, run: Run, reference: Path | None, scores: Scores) -> Iterator[tuple[str, Figure]]:
    """Extreme images, rejection curves and the confusion matrix, by file name."""
    manifest, names = results.read_manifest(folder), run.config.data.classes
    predicted, truth = read_predictions(folder, names), true_classes(manifest, run.config, reference)
    y = np.array([truth[case_id] for case_id in predicted.ids])
    votes = predicted.p if predicted.votes is None else predicted.votes
    ranking = "predictive_entropy" if predicted.votes is None else "variation_ratio"
    cases, correct = referenced_cases(manifest, run.config, reference), predicted.p.argmax(1) == y
    shown = _extreme_rows(predicted.measures[ranking], correct)
    images = np.stack([read_case_image(cases[predicted.ids[i]]).array[:, :, 0] for i in shown])
    counts = np.rint(votes * manifest.samples).astype(int)
    arguments = (images, predicted.p[shown], counts[shown], y[shown], predicted.measures[ranking][shown])
    yield "extremes", extremes(*arguments, names, _SHOWN)
    yield "rejection", rejection({name: rejection_curve(values, correct) for name, values in predicted.measures.items()})
    yield "confusion", confusion_figure(np.array(scores.summary["confusion"]), names)


def _extreme_rows(measure: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """The most and least certain right and wrong cases, which are all that the figure needs to read."""
    rows = []
    for part in (np.flatnonzero(correct), np.flatnonzero(~correct)):
        order = part[np.argsort(measure[part], kind="stable")]
        rows += [order[:_SHOWN], order[-_SHOWN:]]
    return np.unique(np.concatenate(rows))


def landmark_figures(folder: Path, run: Run, reference: Path | None, scores: Scores) -> Iterator[tuple[str, Figure]]:
    """The worst images with their samples, and each measure against the error, by file name."""
    cases = referenced_cases(results.read_manifest(folder), run.config, reference)
    errors = {row["case"]: row["radial_error_px"] for row in scores.cases if row["class"] == "all"}
    for case_id in sorted(errors, key=lambda i: -(errors[i] or 0.0))[:_WORST]:
        yield f"case-{case_id}", _overlay(folder, run, cases[case_id])
    unit = "mm" if scores.summary["unit"] == "mm" else "px"
    rows = [row for row in scores.cases if row["class"] != "all"]
    for name, found in scores.summary["measures"].items():
        values, radial = (np.array([_value(row[column]) for row in rows]) for column in (name, f"radial_error_{unit}"))
        yield f"error-{name}", error_scatter(values, radial, name, found["correlation"]["spearman"])
        if "quantiles" in found:
            yield f"quantiles-{name}", quantile_bars(found["quantiles"])


def _overlay(folder: Path, run: Run, case) -> Figure:
    image, names = read_case_image(case), run.config.data.landmarks
    points = _sampled_points(folder, case.id, names)
    deviations = points - points.mean(1, keepdims=True)
    covariance = np.einsum("lti,ltj->lij", deviations, deviations) / points.shape[1]
    truth = reference_points(run.config, case, image.shape[:2])
    samples = points.transpose(1, 0, 2)
    return overlay(image.array[:, :, 0], truth, points.mean(1), samples, covariance, names)


def _sampled_points(folder: Path, case_id: str, names: list[str]) -> np.ndarray:
    """Where each sample found a case's landmarks, ``[L, T, 2]`` in pixels.

    Raises:
        RunError: a damaged table, or one without T samples of each landmark.
    """
    path, samples = folder / results.SAMPLES, results.read_manifest(folder).samples
    rows = [row for row in read_table(path, ("case", "landmark", "sample", "x", "y"), _AGAIN) if row["case"] == case_id]
    chosen = [[row for row in rows if row["landmark"] == name] for name in names]
    wrong = next((name for name, found in zip(names, chosen, strict=True) if len(found) != samples), None)
    if wrong:
        raise RunError(f"{path}: has not {samples} samples of '{wrong}' in case '{case_id}'; {_AGAIN}")
    return np.array([[numbers(path, found, axis, _AGAIN) for axis in ("x", "y")] for found in chosen]).transpose(0, 2, 1)


def _value(value: float | None) -> float:
    return np.nan if value is None else value
