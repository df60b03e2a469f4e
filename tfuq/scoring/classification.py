"""Scores of class probabilities against true classes, and of what an uncertainty is good for.

Everywhere ``p [n, K]`` are the probabilities of K classes for n cases, and ``y [n]`` are the
numbers of the true classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.scoring.calibration import calibration_errors, error_auroc

if TYPE_CHECKING:
    from sklearn import metrics
else:
    metrics = ModuleOnUse("sklearn.metrics")


def class_scores(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Accuracy, balanced accuracy, precision, recall and F1, likelihood (nat) and calibration.

    Macro scores are means over the classes that occur in the truth or the predictions. Weighted
    ones weight the true classes by their number of cases. Balanced accuracy weights the true
    classes alike. A class that is never predicted has precision 0.
    """
    predicted = p.argmax(1)
    true_classes = np.unique(y)
    _, balanced, _ = _precision_recall_f1(y, predicted, average="macro", labels=true_classes)
    scores = {
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "balanced_accuracy": balanced,
    }
    for average in ("macro", "weighted"):
        precision, recall, f1 = _precision_recall_f1(y, predicted, average=average)
        scores[f"precision_{average}"] = precision
        scores[f"recall_{average}"] = recall
        scores[f"f1_{average}"] = f1
    return scores | calibration_errors(p, y)


def _precision_recall_f1(
    y: np.ndarray,
    predicted: np.ndarray,
    **options: Any,
) -> tuple[float, float, float]:
    scores = metrics.precision_recall_fscore_support(y, predicted, zero_division=0, **options)
    precision, recall, f1, _support = scores
    return float(precision), float(recall), float(f1)


def confusion(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Number of cases ``[K, K]`` by true class (row) and predicted class (column)."""
    classes = np.arange(p.shape[1])
    counts: np.ndarray = metrics.confusion_matrix(y, p.argmax(1), labels=classes)
    return counts


def detection_scores(uncertainty: np.ndarray, wrong: np.ndarray) -> dict[str, float | None]:
    """How well an uncertainty finds the wrong cases.

    Args:
        uncertainty: ``[n]``.
        wrong: whether each case is, ``[n]``, bool.

    Returns:
        ``auroc``, and ``aupr`` as average precision with wrong as positive. Both are None where all
        cases are right or all are wrong.
    """
    auroc = error_auroc(uncertainty, wrong)
    if auroc is None:
        return {"auroc": None, "aupr": None}
    aupr = metrics.average_precision_score(wrong, uncertainty)
    return {"auroc": auroc, "aupr": float(aupr)}


def ood_scores(
    uncertainty_in: np.ndarray,
    uncertainty_out: np.ndarray,
) -> dict[str, float | None]:
    """How well an uncertainty tells cases from elsewhere from those of the test set.

    Args:
        uncertainty_in: of the test set, ``[n]``.
        uncertainty_out: of the cases from elsewhere, which are positive, ``[m]``.

    Returns:
        ``auroc``, ``aupr`` and ``fpr95``. Let τ be the largest threshold at which at least 95 % of
        the cases from elsewhere have an uncertainty ≥ τ. ``fpr95`` is the share of the test set's
        cases that have one too. All are None where either set is empty.

    References:
        Liang, Li & Srikant 2018, ICLR (fpr95).
    """
    n = len(uncertainty_in)
    m = len(uncertainty_out)
    uncertainty = np.concatenate([uncertainty_in, uncertainty_out])
    is_outside = np.repeat([False, True], [n, m])
    scores = detection_scores(uncertainty, is_outside)
    if not n or not m:
        return scores | {"fpr95": None}
    needed = -(-95 * m // 100)  # in whole numbers: 0.95 · m may fall a hair beside one
    threshold = np.sort(uncertainty_out)[m - needed]
    false_positives = np.mean(uncertainty_in >= threshold)
    return scores | {"fpr95": float(false_positives)}


def rejection_curve(
    uncertainty: np.ndarray,
    correct: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy among the cases that are left when the most uncertain go to a human.

    There is a point for every distinct uncertainty u, from few cases to all. Those of at most u are
    left, so ties stay together.

    Args:
        uncertainty: ``[n]``.
        correct: whether each case is, ``[n]``, bool.

    Returns:
        The share of cases that are left, and the accuracy among them, ``[points]`` each.
    """
    order = np.argsort(uncertainty, kind="stable")
    ordered = np.asarray(uncertainty)[order]
    is_last_of_tie = np.append(np.diff(ordered) > 0, True)
    counts = np.flatnonzero(is_last_of_tie) + 1
    hits = np.cumsum(np.asarray(correct)[order])
    return counts / len(order), hits[counts - 1] / counts
