"""The area under the ROC curve, exact, of as many items as a scan has voxels.

It is the share of pairs of a positive and another item in which the positive one has the larger
value; equal values count half. Pairs are counted in whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_BLOCK = 2**20  # items
_SHIFT = 14  # bits of a float32 that a bucket leaves open
_BUCKETS = 2 ** (32 - _SHIFT)
_SIGN = np.uint32(2**31)


def area_under_roc(values: np.ndarray, positive: np.ndarray) -> float | None:
    """The area under the ROC curve.

    Args:
        values: larger where an item is more likely positive, ``[n]``, none of them NaN.
        positive: whether each item is, ``[n]``, bool.

    Returns:
        The area; None where all items are positive or none is.

    References:
        Hanley & McNeil 1982, Radiology 143.
    """
    positives = np.count_nonzero(positive)
    negatives = positive.size - positives
    if not positives or not negatives:
        return None
    if positive.size <= _BLOCK:
        wins = _double_wins(values[positive], values[~positive])
    else:
        wins = _double_wins_by_buckets(values, positive)
    return wins / (2 * positives * negatives)


def _double_wins(positive: np.ndarray, negative: np.ndarray) -> int:
    """Twice the pairs in which the positive value is larger; once those of equal values.

    The arguments are sorted in place.
    """
    negative.sort()
    positive.sort()  # neighbours are looked up together
    below = np.searchsorted(negative, positive, side="left").sum()
    not_above = np.searchsorted(negative, positive, side="right").sum()
    return int(below) + int(not_above)


def _double_wins_by_buckets(values: np.ndarray, positive: np.ndarray) -> int:
    """As `_double_wins`, but only buckets that have items of both kinds are sorted."""
    all_items = np.zeros(_BUCKETS, np.int64)
    positives = np.zeros(_BUCKETS, np.int64)
    for place in _places(len(values)):
        buckets = _buckets(values[place])
        all_items += np.bincount(buckets, minlength=_BUCKETS)
        positives += np.bincount(buckets[positive[place]], minlength=_BUCKETS)
    negatives = all_items - positives
    is_mixed = (positives > 0) & (negatives > 0)
    mixed_positive = _Filled(int(positives[is_mixed].sum()), values.dtype)
    mixed_negative = _Filled(int(negatives[is_mixed].sum()), values.dtype)
    for place in _places(len(values)):
        chosen = is_mixed[_buckets(values[place])]
        is_positive = positive[place]
        mixed_positive.add(values[place][chosen & is_positive])
        mixed_negative.add(values[place][chosen & ~is_positive])
    within = _double_wins(mixed_positive.array, mixed_negative.array)
    between_mixed = _double_wins_between(positives[is_mixed], negatives[is_mixed])
    return within - between_mixed + _double_wins_between(positives, negatives)


class _Filled:
    """An array that is filled part by part, so that no part is held beside it.

    Attributes:
        array: all parts one after another.
    """

    def __init__(self, size: int, dtype: np.dtype) -> None:
        self.array = np.empty(size, dtype)
        self._filled = 0

    def add(self, part: np.ndarray) -> None:
        """Add the next part."""
        self.array[self._filled : self._filled + len(part)] = part
        self._filled += len(part)


def _double_wins_between(positives: np.ndarray, negatives: np.ndarray) -> int:
    """Twice the pairs whose positive item is in a higher bucket than the other."""
    below = np.cumsum(negatives) - negatives
    return 2 * int(positives @ below)


def _places(items: int) -> Iterator[slice]:
    for start in range(0, items, _BLOCK):
        yield slice(start, start + _BLOCK)


def _buckets(values: np.ndarray) -> np.ndarray:
    """Numbers that never fall where values rise: the first bits of float32 numbers in order."""
    single = values.astype(np.float32)
    single += np.float32(0)  # of −0 too
    bits = single.view(np.uint32)
    is_negative = bits >= _SIGN
    in_order = np.where(is_negative, ~bits, bits | _SIGN)
    return (in_order >> np.uint32(_SHIFT)).astype(np.int32)
