"""Figures of predictions of classes: which ones, and from which files."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tfuq.data.cases import Case, read_case_image
from tfuq.report.classification import confusion_figure, extremes, rejection, roc_figure
from tfuq.report.scored import NamedFigures, ScoredFolder
from tfuq.runs import results
from tfuq.scoring.class_detection import roc_curve
from tfuq.scoring.classification import rejection_curve
from tfuq.scoring.evaluation.class_table import PredictedClasses, read_predictions
from tfuq.scoring.evaluation.classification import true_classes
from tfuq.scoring.evaluation.references import referenced_cases
from tfuq.scoring.rows import Row

_EXTREMES = 5
_MOST_CURVES = 10


def classification_figures(scored: ScoredFolder) -> NamedFigures:
    """Plot extreme images, rejection and ROC curves, and the confusion matrix."""
    config = scored.run.config
    manifest = results.read_manifest(scored.path)
    names = config.data.classes
    predicted = read_predictions(scored.path, names)
    by_case = true_classes(manifest, config, scored.reference)
    truth = np.array([by_case[case_id] for case_id in predicted.ids])
    cases = referenced_cases(manifest, config, scored.reference)
    yield "extremes", _plot_extremes(cases, predicted, truth, names, manifest.samples)
    is_correct = predicted.p.argmax(1) == truth
    curves = {}
    for name, values in predicted.measures.items():
        curves[name] = rejection_curve(values, is_correct)
    yield "rejection", rejection(curves)
    summary = scored.scores.summary
    yield "confusion", confusion_figure(np.array(summary["confusion"]), names)
    yield from _roc(predicted, truth, summary["by_class"])


def _roc(predicted: PredictedClasses, truth: np.ndarray, rows: list[Row]) -> NamedFigures:
    """The curves of the first classes; of two classes, that of the second."""
    chosen = range(1, 2) if len(rows) == 2 else range(min(len(rows), _MOST_CURVES))
    curves = {}
    areas = {}
    for number in chosen:
        curve = roc_curve(predicted.p, truth, number)
        if curve is not None:
            name = rows[number]["class"]
            curves[name] = curve
            areas[name] = rows[number]["auroc"]
    if curves:
        yield "roc", roc_figure(curves, areas)


def _plot_extremes(
    cases: dict[str, Case],
    predicted: PredictedClasses,
    truth: np.ndarray,
    names: list[str],
    samples: int,
) -> Figure:
    votes = predicted.votes
    ranking = "variation_ratio"
    if votes is None:
        votes = predicted.p
        ranking = "predictive_entropy"
    measure = predicted.measures[ranking]
    indices = _extreme_indices(measure, predicted.p.argmax(1) == truth)
    images = []
    for index in indices:
        image = read_case_image(cases[predicted.ids[index]])
        images.append(image.array[:, :, 0])
    counts = np.rint(votes * samples).astype(int)
    return extremes(
        np.stack(images),
        predicted.p[indices],
        counts[indices],
        truth[indices],
        measure[indices],
        names,
        _EXTREMES,
    )


def _extreme_indices(measure: np.ndarray, is_correct: np.ndarray) -> np.ndarray:
    """The most and the least certain right and wrong cases: all that the figure shows."""
    chosen = []
    for indices in (np.flatnonzero(is_correct), np.flatnonzero(~is_correct)):
        ordered = indices[np.argsort(measure[indices], kind="stable")]
        chosen += [ordered[:_EXTREMES], ordered[-_EXTREMES:]]
    return np.unique(np.concatenate(chosen))
