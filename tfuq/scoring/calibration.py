"""Proper scores and calibration of class probabilities ``p [n, K]`` against true classes ``y [n]``."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

_TINY = 1e-12  # a certain error costs 27.6 nat instead of infinity


def negative_log_likelihood(p: np.ndarray, y: np.ndarray) -> float:
    """Mean of −log p_y, in nat."""
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], _TINY)).mean())


def brier(p: np.ndarray, y: np.ndarray) -> float:
    """Mean over items of Σ_k (p_k − [y = k])², in 0…2 (Brier 1950)."""
    squares = (p.astype(np.float64) ** 2).sum(1)
    return float((squares - 2 * p[np.arange(len(y)), y] + 1).mean())


def confidence_bins(p: np.ndarray, y: np.ndarray, bins: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over equal-width bins of confidence, open below: number of items, sum of their confidence, number of correct ones."""
    confidence, correct = p.max(1).astype(np.float64), p.argmax(1) == y
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count, confidence, correct = (np.bincount(number, weights=w, minlength=bins) for w in (None, confidence, correct))
    return count, confidence, correct


def expected_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = 15) -> float:
    """Σ over equal-width confidence bins of the bin's share × |accuracy − confidence| (Naeini 2015, Guo 2017)."""
    _, confidence, correct = confidence_bins(p, y, bins)
    return float(np.abs(correct - confidence).sum() / len(y))


def error_auroc(uncertainty: np.ndarray, wrong: np.ndarray) -> float | None:
    """How well an uncertainty ranks wrong items above right ones; None where all are right or all wrong."""
    return float(roc_auc_score(wrong, uncertainty)) if 0 < np.count_nonzero(wrong) < wrong.size else None
