"""Scores of class probabilities ``p [n, K]`` against true classes ``y [n]``, and of what an uncertainty is good for."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import accuracy_score, average_precision_score, confusion_matrix, precision_recall_fscore_support

from tfuq.scoring.calibration import calibration_errors, error_auroc


def class_scores(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Accuracy, balanced accuracy, precision, recall and F1, likelihood (nat) and calibration.

    Macro scores are means over the classes that occur in the truth or the predictions, weighted ones over the true classes by their
    number of cases, balanced accuracy over the true classes alike. A class that is never predicted has precision 0.
    """
    predicted, true_classes = p.argmax(1), np.unique(y)
    scores = {
        "accuracy": float(accuracy_score(y, predicted)),
        "balanced_accuracy": _precision_recall_f1(y, predicted, average="macro", labels=true_classes)[1],
    }
    for average in ("macro", "weighted"):
        values = _precision_recall_f1(y, predicted, average=average)
        scores |= {f"{name}_{average}": value for name, value in zip(("precision", "recall", "f1"), values, strict=True)}
    return scores | calibration_errors(p, y)


def _precision_recall_f1(y: np.ndarray, predicted: np.ndarray, **choice) -> tuple[float, ...]:
    return tuple(float(value) for value in precision_recall_fscore_support(y, predicted, zero_division=0, **choice)[:3])


def confusion(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Number of cases ``[K, K]`` by true class (row) and predicted class (column)."""
    return confusion_matrix(y, p.argmax(1), labels=np.arange(p.shape[1]))


def detection_scores(uncertainty: np.ndarray, wrong: np.ndarray) -> dict[str, float | None]:
    """How well an uncertainty ``[n]`` finds the wrong cases: AUROC, and AUPR as average precision with wrong as positive.

    Both are None where all cases are right or all are wrong.
    """
    auroc = error_auroc(uncertainty, wrong)
    return {"auroc": auroc, "aupr": None if auroc is None else float(average_precision_score(wrong, uncertainty))}


def ood_scores(uncertainty_in: np.ndarray, uncertainty_out: np.ndarray) -> dict[str, float | None]:
    """How well an uncertainty tells cases from elsewhere ``[m]`` (positive) from those of the test set ``[n]``.

    ``fpr95``: with τ the largest threshold at which at least 95 % of the cases from elsewhere have an uncertainty ≥ τ, the share
    of the test set's cases that have one too (Liang et al. 2018). All are None where either set is empty.
    """
    n, m = len(uncertainty_in), len(uncertainty_out)
    scores = detection_scores(np.concatenate([uncertainty_in, uncertainty_out]), np.repeat([False, True], [n, m]))
    if not n or not m:
        return scores | {"fpr95": None}
    needed = -(-95 * m // 100)  # in whole numbers: 0.95 · m may fall a hair beside one
    threshold = np.sort(uncertainty_out)[m - needed]
    return scores | {"fpr95": float(np.mean(uncertainty_in >= threshold))}


def rejection_curve(uncertainty: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of cases kept, and accuracy among them, when the most uncertain go to a human.

    A point for every distinct uncertainty u, from few cases to all: those of at most u are kept, so ties stay together.
    """
    order = np.argsort(uncertainty, kind="stable")
    kept = np.flatnonzero(np.append(np.diff(np.asarray(uncertainty)[order]) > 0, True)) + 1
    return kept / len(order), np.cumsum(np.asarray(correct)[order])[kept - 1] / kept
