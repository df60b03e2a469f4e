"""Two methods on the same cases: how far apart they are, an interval, and a paired test.

Estimate, interval and test belong together. The estimate is Hodges and Lehmann's: the median of the
Walsh averages, which are the means of all pairs of differences, of one with itself too. The
interval cuts off as many Walsh averages at each end as the law of the signed-rank statistic allows,
and the test is Wilcoxon's signed-rank test. A mean follows an outlier; these do not.

Of a score that is 0 or 1 in every case (right or wrong) Walsh averages say nothing. There the
estimate is the mean difference, the interval is that of Bonett and Price, and the test is
McNemar's, exact.

References:
    Hodges & Lehmann 1963, Ann. Math. Stat. 34.
    Hollander, Wolfe & Chicken 2014, Nonparametric Statistical Methods, 3.1 to 3.3.
    Bonett & Price 2012, J. Educ. Behav. Stat. 37.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.scoring.walsh import hodges_lehmann, normal_quantile, walsh_interval

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """How far a method is from another.

    Attributes:
        estimate: of the difference.
        low: lower end of its 95 % interval; None where there are too few cases for one.
        high: upper end.
        p: of the test, two-sided.
    """

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
    """How far ``values`` lie above ``others``.

    Args:
        values: of n ≥ 1 cases, ``[n]``.
        others: of the same cases, ``[n]``.
    """
    differences = np.asarray(values, float) - np.asarray(others, float)
    if _is_zero_or_one(values) and _is_zero_or_one(others):
        return _difference_of_shares(differences)
    p = 1.0
    if differences.any():
        p = float(stats.wilcoxon(differences).pvalue)
    low, high = walsh_interval(differences)
    return PairedDifference(estimate=hodges_lehmann(differences), low=low, high=high, p=p)


def _is_zero_or_one(values: np.ndarray) -> bool:
    return bool(np.isin(values, (0, 1)).all())


def _difference_of_shares(differences: np.ndarray) -> PairedDifference:
    n = len(differences)
    more = int((differences > 0).sum())
    less = int((differences < 0).sum())
    p = 1.0
    if more + less:
        p = float(stats.binomtest(more, more + less).pvalue)
    share_more = (more + 1) / (n + 2)
    share_less = (less + 1) / (n + 2)
    gap = share_more - share_less
    variance = (share_more + share_less - gap**2) / (n + 2)
    half = normal_quantile() * math.sqrt(variance)
    return PairedDifference(
        estimate=(more - less) / n,
        low=max(gap - half, -1.0),
        high=min(gap + half, 1.0),
        p=p,
    )


def holm(p: dict[str, float]) -> dict[str, float]:
    """p-values adjusted by Holm, by name.

    Any of them below α is wrong with a probability of at most α.

    References:
        Holm 1979, Scandinavian Journal of Statistics 6.
    """
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        factor = len(p) - rank
        largest = max(largest, min(p[name] * factor, 1.0))
        adjusted[name] = largest
    return adjusted
