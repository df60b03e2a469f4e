"""Two methods on the same cases: how far apart they are, within which interval, and what a paired test says.

Estimate, interval and test belong together. The estimate is Hodges and Lehmann's: the median of the Walsh averages, which are
the means of all pairs of differences, of one with itself too. The interval cuts off as many Walsh averages at each end as the
law of the signed-rank statistic allows, and the test is Wilcoxon's signed-rank test. A mean follows an outlier; these do not.

Of a score that is 0 or 1 in every case (right or wrong) Walsh averages say nothing. There the estimate is the mean difference,
the interval is that of Bonett & Price 2012 (J. Educ. Behav. Stat. 37), and the test is McNemar's, exact.

References:
    Hodges & Lehmann 1963, Ann. Math. Stat. 34; Hollander, Wolfe & Chicken 2014, Nonparametric Statistical Methods, 3.1 to 3.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

_ALPHA = 0.05
_MOST_EXACT = 200  # differences; beyond, the signed-rank statistic is all but normal
_HALVINGS = 64


@dataclass(frozen=True)
class PairedDifference:
    """How far a method is from another: ``estimate``, the ends ``low`` and ``high`` of its 95 % interval (None where there
    are too few cases for one), and the test's two-sided ``p``."""

    estimate: float
    low: float | None
    high: float | None
    p: float

    @property
    def sign(self) -> int:
        """1 or −1 where the whole interval lies on that side of zero, else 0."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)


def paired_difference(values: np.ndarray, others: np.ndarray) -> PairedDifference:
    """How far ``values`` lie above ``others``, both ``[n]`` over the same n ≥ 1 cases."""
    differences = np.asarray(values, float) - np.asarray(others, float)
    if np.isin(values, (0, 1)).all() and np.isin(others, (0, 1)).all():
        return _of_shares(differences)
    p = float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
    return PairedDifference(hodges_lehmann(differences), *walsh_interval(differences), p)


def _of_shares(differences: np.ndarray) -> PairedDifference:
    n, more, less = len(differences), int((differences > 0).sum()), int((differences < 0).sum())
    p = float(stats.binomtest(more, more + less).pvalue) if more + less else 1.0
    a, b = (more + 1) / (n + 2), (less + 1) / (n + 2)
    half = float(stats.norm.ppf(1 - _ALPHA / 2)) * math.sqrt((a + b - (a - b) ** 2) / (n + 2))
    return PairedDifference((more - less) / n, max(a - b - half, -1.0), min(a - b + half, 1.0), p)


def hodges_lehmann(differences: np.ndarray) -> float:
    """The median of the Walsh averages of differences ``[n]``."""
    ordered = np.sort(differences)
    pairs = _pairs(len(ordered))
    middle = {(pairs + 1) // 2, pairs // 2 + 1}
    return sum(_walsh_average(ordered, rank) for rank in middle) / len(middle)


def walsh_interval(differences: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of the median Walsh average of differences ``[n]``; None of fewer than six, which allow none."""
    ordered, rank = np.sort(differences), _cut_off(len(differences))
    if rank < 1:
        return None, None
    last = _pairs(len(ordered)) + 1 - rank
    return _walsh_average(ordered, rank), _walsh_average(ordered, last)


def _pairs(n: int) -> int:
    return n * (n + 1) // 2


def _walsh_average(ordered: np.ndarray, rank: int) -> float:
    """The rank-th smallest (from 1) of the Walsh averages of differences in order, found by halving what it lies in."""
    low, high = float(ordered[0]), float(ordered[-1])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        both_ways = np.searchsorted(ordered, 2 * middle - ordered, side="right").sum()
        alone = np.searchsorted(ordered, middle, side="right")
        if (both_ways + alone) // 2 >= rank:
            high = middle
        else:
            low = middle
    partner = np.searchsorted(ordered, 2 * high - ordered, side="right") - 1
    has_one = partner >= 0
    return float((ordered[has_one] + ordered[partner[has_one]]).max() / 2)


def _cut_off(n: int) -> int:
    """The rank of the Walsh average that begins the interval."""
    if n > _MOST_EXACT:
        spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        return math.floor(_pairs(n) / 2 - float(stats.norm.ppf(1 - _ALPHA / 2)) * spread)
    return int(np.searchsorted(_signed_rank_law(n), _ALPHA / 2))


@lru_cache(maxsize=32)
def _signed_rank_law(n: int) -> np.ndarray:
    """The distribution function of the signed-rank statistic of n differences at 0, 1 … n(n + 1)/2."""
    law = np.ones(1)
    for rank in range(1, n + 1):
        longer = np.zeros(len(law) + rank)
        longer[: len(law)] += law / 2
        longer[rank:] += law / 2
        law = longer
    return np.cumsum(law)


def holm(p: dict[str, float]) -> dict[str, float]:
    """p-values adjusted by Holm 1979, so that any of them below α is wrong with a probability of at most α."""
    adjusted, largest = {}, 0.0
    for place, name in enumerate(sorted(p, key=lambda name: p[name])):
        largest = max(largest, min(p[name] * (len(p) - place), 1.0))
        adjusted[name] = largest
    return adjusted
