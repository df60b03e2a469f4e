"""Proper scores and calibration of class probabilities against true classes.

Everywhere ``p [n, K]`` are the probabilities of K classes for n items, and ``y [n]`` are the
numbers of the true classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tfuq.scoring.auroc import area_under_roc

LEAST_PROBABILITY = 1e-12  # a certain error costs 27.6 nat instead of infinity
BINS = 15
_BLOCK = 2**18  # items that are worked on at once


class Bins(NamedTuple):
    """Items by confidence, ``[bins]`` each.

    Attributes:
        items: how many there are.
        confidence: sum of their confidences.
        correct: how many of them came true.
    """

    items: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray

    def plus(self, other: Bins) -> Bins:
        """The items of both."""
        return Bins(*(of_one + of_other for of_one, of_other in zip(self, other, strict=True)))

    def gaps(self) -> np.ndarray:
        """|share that came true − mean confidence| of every bin; 0 of an empty one."""
        gaps: np.ndarray = np.abs(self.correct - self.confidence) / np.maximum(self.items, 1)
        return gaps

    def mean_gap(self) -> float:
        """The gaps' mean, each bin weighing as many items as it has."""
        differences = np.abs(self.correct - self.confidence)
        return float(differences.sum() / self.items.sum())


def negative_log_likelihood(p: np.ndarray, y: np.ndarray) -> float:
    """Mean of −log p_y, in nat."""
    true = _of_true_class(p, y)
    logarithms = np.log(np.maximum(true, LEAST_PROBABILITY))
    return float(-logarithms.mean())


def _of_true_class(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    items = np.arange(len(y))
    true: np.ndarray = p[items, y]
    return true


def brier(p: np.ndarray, y: np.ndarray) -> float:
    """The Brier score: mean over items of Σ_k (p_k − [y = k])², in 0…2.

    References:
        Brier 1950, Monthly Weather Review 78.
    """
    squares = (p.astype(np.float64) ** 2).sum(1)
    scores = squares - 2 * _of_true_class(p, y) + 1
    return float(scores.mean())


def brier_parts(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> dict[str, float | None]:
    """Murphy's parts of the Brier score.

    Brier = ``reliability`` − ``resolution`` + ``uncertainty`` + ``within_bins``. The last is what
    binning leaves of the first two, and 0 where a bin's probabilities are equal. ``skill`` is
    1 − Brier / uncertainty, the gain over predicting each class's frequency; None where only one
    class occurs. Parts are summed over classes, each binned by its own probability in equal widths.

    References:
        Murphy 1973, Journal of Applied Meteorology 12.
        Stephenson, Coelho & Jolliffe 2008, Weather and Forecasting 23 (within bins).
    """
    n = len(y)
    frequency = np.bincount(y, minlength=p.shape[1]) / n
    reliability = 0.0
    resolution = 0.0
    for k, base in enumerate(frequency):
        count, confidence, correct = binned(p[:, k], y == k, bins)
        filled = np.maximum(count, 1)
        came_true = correct / filled
        gap = confidence / filled - came_true
        reliability += float((count * gap**2).sum() / n)
        resolution += float((count * (came_true - base) ** 2).sum() / n)
    uncertainty = float((frequency * (1 - frequency)).sum())
    score = brier(p, y)
    return {
        "reliability": reliability,
        "resolution": resolution,
        "uncertainty": uncertainty,
        "within_bins": score - (reliability - resolution + uncertainty),
        "skill": _skill(score, uncertainty),
    }


def _skill(score: float, uncertainty: float) -> float | None:
    if not uncertainty:
        return None
    return 1 - score / uncertainty


def confidence_bins(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> Bins:
    """Items by their largest probability, in bins of equal width that are open below.

    An item is correct where its class has the largest probability.
    """
    is_correct = p.argmax(1) == y
    return binned(p.max(1), is_correct, bins)


def binned(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> Bins:
    """Items in bins of equal width; see `binned_block`.

    Args:
        confidence: ``[n]``.
        correct: whether each came true, ``[n]``, bool.
        bins: how many.
    """
    total = Bins(np.zeros(bins, int), np.zeros(bins), np.zeros(bins))
    for start in range(0, len(confidence), _BLOCK):
        place = slice(start, start + _BLOCK)
        part = binned_block(confidence[place].astype(np.float64), correct[place], bins)
        total = total.plus(part)
    return total


def binned_block(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> Bins:
    """Items in bins of equal width that are open below, the first of which has 0 too.

    Args:
        confidence: float64 ``[n]``.
        correct: whether each came true, ``[n]``, bool.
        bins: how many.
    """
    is_high = confidence * bins > 1
    high = confidence[is_high]
    number = np.ceil(high * bins).astype(int) - 1
    number = np.minimum(number, bins - 1)
    items = np.bincount(number, minlength=bins)
    confidences = np.bincount(number, high, bins).astype(float)  # of none, they are whole numbers
    hits = np.bincount(number[correct[is_high]], minlength=bins).astype(float)
    items[0] = len(confidence) - len(high)  # most items of most classes
    confidences[0] = confidence[~is_high].sum()
    hits[0] = np.count_nonzero(correct) - hits.sum()
    return Bins(items, confidences, hits)


def expected_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """Σ over confidence bins of equal width of the bin's share × |accuracy − confidence|.

    References:
        Naeini, Cooper & Hauskrecht 2015, AAAI; Guo et al. 2017, ICML.
    """
    return confidence_bins(p, y, bins).mean_gap()


def maximum_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """The largest |accuracy − confidence| of a bin. A bin of few items may decide it.

    References:
        Naeini, Cooper & Hauskrecht 2015, AAAI.
    """
    gaps = confidence_bins(p, y, bins).gaps()
    return float(gaps.max())


def classwise_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """Mean over classes of the expected calibration error of p_k for "the class is k".

    References:
        Kull et al. 2019, NeurIPS.
    """
    errors = [binned(p[:, k], y == k, bins).mean_gap() for k in range(p.shape[1])]
    return float(np.mean(errors))


def adaptive_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """The expected calibration error over bins of equally many items.

    Of n items in order of confidence, bin b holds those from ⌊b·n/bins⌋ on. Ties lie as they come.
    Bins beyond n are empty.

    References:
        Nguyen & O'Connor 2015, EMNLP.
    """
    return adaptive_gap(p.max(1), p.argmax(1) == y, bins)


def adaptive_gap(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> float:
    """The `adaptive_calibration_error` of items by their confidence.

    Items are not sorted: the confidences at the edges of bins are enough, and how many of those
    that are equal to one lie before the edge.

    Args:
        confidence: ``[n]``.
        correct: whether each came true, ``[n]``, bool.
        bins: how many.
    """
    blocks = []
    for start in range(0, len(confidence), _BLOCK):
        place = slice(start, start + _BLOCK)
        blocks.append((confidence[place], correct[place]))
    return adaptive_gap_in_order(confidence, blocks, bins)


def adaptive_gap_in_order(
    confidence: np.ndarray,
    blocks: Iterable[tuple[np.ndarray, np.ndarray]],
    bins: int = BINS,
) -> float:
    """As `adaptive_gap`, of items whose order is not that of the array.

    Args:
        confidence: ``[n]``, in any order.
        blocks: the items part by part in their order: confidences ``[m]``, and whether each came
            true ``[m]``, bool.
        bins: how many.
    """
    n = len(confidence)
    first = np.unique(np.arange(bins) * n // bins)
    at_edges = np.partition(confidence, first)[first]
    limits, edge_limits = np.unique(at_edges, return_inverse=True)
    sides = _sides_of(blocks, limits)
    before = np.cumsum(sides.items) - sides.items
    differences_before = np.cumsum(sides.differences) - sides.differences
    sums = []
    for edge, number in zip(first, edge_limits, strict=True):
        ties = edge - before[2 * number + 1]  # that lie before the edge
        hits = np.count_nonzero(sides.ties_correct[number][:ties])
        of_ties = hits - ties * float(limits[number])
        sums.append(differences_before[2 * number + 1] + of_ties)
    gaps = np.abs(np.diff([*sums, sides.differences.sum()]))
    return float(gaps.sum() / n)


class _Sides(NamedTuple):
    """Items below the first limit, at it, between it and the second, at that, and so on.

    Attributes:
        items: how many there are.
        differences: sums of 1 or 0 for correct or not, less the confidence.
        ties_correct: of each limit, whether each item at it is correct, in their order.
    """

    items: np.ndarray
    differences: np.ndarray
    ties_correct: list[np.ndarray]


def _sides_of(blocks: Iterable[tuple[np.ndarray, np.ndarray]], limits: np.ndarray) -> _Sides:
    count = 2 * len(limits) + 1
    items = np.zeros(count, int)
    differences = np.zeros(count)
    ties: list[list[np.ndarray]] = [[] for _ in limits]
    for values, is_correct in blocks:
        upper = np.searchsorted(limits, values)
        side = 2 * upper
        side += limits[np.minimum(upper, len(limits) - 1)] == values
        items += np.bincount(side, minlength=count)
        differences += np.bincount(side, is_correct - values.astype(np.float64), count)
        for number, of_limit in enumerate(ties):
            of_limit.append(is_correct[side == 2 * number + 1])
    return _Sides(items, differences, [np.concatenate(of_limit) for of_limit in ties])


def calibration_errors(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Likelihood, Brier score and calibration errors by the names of `tfuq.scoring.metrics`."""
    return {
        "nll": negative_log_likelihood(p, y),
        "brier": brier(p, y),
        "ece": expected_calibration_error(p, y),
        "ece_classwise": classwise_calibration_error(p, y),
        "ece_adaptive": adaptive_calibration_error(p, y),
        "mce": maximum_calibration_error(p, y),
    }


def error_auroc(uncertainty: np.ndarray, wrong: np.ndarray) -> float | None:
    """How well an uncertainty ranks wrong items above right ones.

    Args:
        uncertainty: ``[n]``.
        wrong: whether each item is, ``[n]``, bool.

    Returns:
        The AUROC; None where all are right or all are wrong.
    """
    return area_under_roc(uncertainty, wrong)
