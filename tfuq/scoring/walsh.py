"""Walsh averages: the means of all pairs of differences, of one with itself too.

References:
    Hodges & Lehmann 1963, Ann. Math. Stat. 34.
    Hollander, Wolfe & Chicken 2014, Nonparametric Statistical Methods, 3.1 to 3.3.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")

_ALPHA = 0.05
_MOST_EXACT = 200  # differences; beyond, the signed-rank statistic is all but normal
_HALVINGS = 64


def normal_quantile() -> float:
    """The quantile of the standard normal law that 95 % intervals take."""
    return float(stats.norm.ppf(1 - _ALPHA / 2))


def hodges_lehmann(differences: np.ndarray) -> float:
    """The median of the Walsh averages of differences ``[n]``."""
    ordered = np.sort(differences)
    pairs = _pairs(len(ordered))
    middle_ranks = {(pairs + 1) // 2, pairs // 2 + 1}
    averages = [_walsh_average(ordered, rank) for rank in middle_ranks]
    return sum(averages) / len(averages)


def walsh_interval(differences: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of the median Walsh average.

    Args:
        differences: ``[n]``.

    Returns:
        Its ends; None of fewer than six differences, which allow none.
    """
    ordered = np.sort(differences)
    first = _cut_off(len(differences))
    if first < 1:
        return None, None
    last = _pairs(len(ordered)) + 1 - first
    return _walsh_average(ordered, first), _walsh_average(ordered, last)


def _pairs(n: int) -> int:
    return n * (n + 1) // 2


def _walsh_average(ordered: np.ndarray, rank: int) -> float:
    """The rank-th smallest (from 1) of the Walsh averages of differences in order.

    It is found by halving the range that it lies in.
    """
    low = float(ordered[0])
    high = float(ordered[-1])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _averages_up_to(ordered, middle) >= rank:
            high = middle
        else:
            low = middle
    partner = np.searchsorted(ordered, 2 * high - ordered, side="right") - 1
    has_partner = partner >= 0
    sums = ordered[has_partner] + ordered[partner[has_partner]]
    return float(sums.max() / 2)


def _averages_up_to(ordered: np.ndarray, value: float) -> int:
    """How many Walsh averages are at most a value."""
    in_both_orders = np.searchsorted(ordered, 2 * value - ordered, side="right").sum()
    with_itself = np.searchsorted(ordered, value, side="right")
    count: int = (in_both_orders + with_itself) // 2
    return count


def _cut_off(n: int) -> int:
    """The rank of the Walsh average that begins the interval."""
    if n > _MOST_EXACT:
        spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        return math.floor(_pairs(n) / 2 - normal_quantile() * spread)
    return int(np.searchsorted(_signed_rank_law(n), _ALPHA / 2))


@lru_cache(maxsize=32)
def _signed_rank_law(n: int) -> np.ndarray:
    """The distribution function of the signed-rank statistic of n differences.

    It is given at 0, 1 … n(n + 1)/2.
    """
    law = np.ones(1)
    for rank in range(1, n + 1):
        longer = np.zeros(len(law) + rank)
        longer[: len(law)] += law / 2
        longer[rank:] += law / 2
        law = longer
    return np.cumsum(law)
