"""Proper scores and calibration of class probabilities ``p [n, K]`` against true classes ``y [n]``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

_TINY = 1e-12  # a certain error costs 27.6 nat instead of infinity
BINS = 15


class Bins(NamedTuple):
    """Items by confidence: their number, the sum of their confidences, and how many of them came true; ``[bins]`` each."""

    count: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray

    def gaps(self) -> np.ndarray:
        """|share that came true − mean confidence| of every bin; 0 of an empty one."""
        return np.abs(self.correct - self.confidence) / np.maximum(self.count, 1)

    def mean_gap(self) -> float:
        """The gaps' mean, each bin weighing as many items as it has."""
        return float(np.abs(self.correct - self.confidence).sum() / self.count.sum())


def negative_log_likelihood(p: np.ndarray, y: np.ndarray) -> float:
    """Mean of −log p_y, in nat."""
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], _TINY)).mean())


def brier(p: np.ndarray, y: np.ndarray) -> float:
    """Mean over items of Σ_k (p_k − [y = k])², in 0…2 (Brier 1950)."""
    squares = (p.astype(np.float64) ** 2).sum(1)
    return float((squares - 2 * p[np.arange(len(y)), y] + 1).mean())


def brier_parts(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> dict[str, float | None]:
    """Murphy's (1973) parts of the Brier score, summed over classes, each binned by its own probability in equal widths.

    Brier = ``reliability`` − ``resolution`` + ``uncertainty`` + ``within_bins``; the last is what binning leaves of the first
    two (Stephenson et al. 2008) and 0 where a bin's probabilities are equal. ``skill`` is 1 − Brier / uncertainty, the gain over
    predicting each class's frequency; None where only one class occurs.
    """
    n, frequency = len(y), np.bincount(y, minlength=p.shape[1]) / len(y)
    reliability = resolution = 0.0
    for k, base in enumerate(frequency):
        count, confidence, correct = _binned(p[:, k], y == k, bins)
        filled = np.maximum(count, 1)
        reliability += float((count * (confidence / filled - correct / filled) ** 2).sum() / n)
        resolution += float((count * (correct / filled - base) ** 2).sum() / n)
    uncertainty, score = float((frequency * (1 - frequency)).sum()), brier(p, y)
    return {
        "reliability": reliability,
        "resolution": resolution,
        "uncertainty": uncertainty,
        "within_bins": score - (reliability - resolution + uncertainty),
        "skill": 1 - score / uncertainty if uncertainty else None,
    }


def confidence_bins(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> Bins:
    """Items by their largest probability, in equal-width bins open below; correct is an item whose class has it."""
    return _binned(p.max(1), p.argmax(1) == y, bins)


def _binned(confidence: np.ndarray, correct: np.ndarray, bins: int) -> Bins:
    confidence = confidence.astype(np.float64)
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return Bins(*(np.bincount(number, weights=w, minlength=bins) for w in (None, confidence, correct)))


def expected_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """Σ over equal-width confidence bins of the bin's share × |accuracy − confidence| (Naeini 2015, Guo 2017)."""
    return confidence_bins(p, y, bins).mean_gap()


def maximum_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """The largest |accuracy − confidence| of any such bin (Naeini 2015). A bin of few items may decide it."""
    return float(confidence_bins(p, y, bins).gaps().max())


def classwise_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """Mean over classes of the expected calibration error of p_k for "the class is k" (Kull et al. 2019)."""
    return float(np.mean([_binned(p[:, k], y == k, bins).mean_gap() for k in range(p.shape[1])]))


def adaptive_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """As the expected calibration error, over bins of equally many items (Nguyen & O'Connor 2015).

    Of n items in order of confidence, bin b holds those from ⌊b·n/bins⌋ on; ties lie as they come, bins beyond n are empty.
    """
    order = np.argsort(p.max(1), kind="stable")
    differences = (p.argmax(1) == y)[order] - p.max(1)[order].astype(np.float64)
    edges = np.unique(np.arange(bins) * len(y) // bins)
    return float(np.abs(np.add.reduceat(differences, edges)).sum() / len(y))


def calibration_errors(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """All of the above by the names of `tfuq.scoring.metrics`."""
    return {
        "nll": negative_log_likelihood(p, y),
        "brier": brier(p, y),
        "ece": expected_calibration_error(p, y),
        "ece_classwise": classwise_calibration_error(p, y),
        "ece_adaptive": adaptive_calibration_error(p, y),
        "mce": maximum_calibration_error(p, y),
    }


def error_auroc(uncertainty: np.ndarray, wrong: np.ndarray) -> float | None:
    """How well an uncertainty ranks wrong items above right ones; None where all are right or all wrong."""
    return float(roc_auc_score(wrong, uncertainty)) if 0 < np.count_nonzero(wrong) < wrong.size else None
