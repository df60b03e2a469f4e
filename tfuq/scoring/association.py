"""How two quantities go together, for items that are nested in cases.

Correlations and AUROC have intervals that resample whole cases. There is no p-value beside the
interval of a pooled correlation: the tests of independence count every item as a case of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfuq.scoring.bootstrap import bootstrap_values, bounds, cluster_interval, percentile_interval
from tfuq.scoring.resampled import resampled_auroc, resampled_pearson, resampled_spearman
from tfuq.scoring.rows import Row

_FEWEST = 3  # items of a correlation

Correlation = Callable[[np.ndarray, np.ndarray], float | None]
ResampledCorrelation = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def is_correlated(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a correlation is defined: there are three items or more, and neither is constant.

    Args:
        x: ``[n]``.
        y: ``[n]``.
    """
    return len(x) >= _FEWEST and np.ptp(x) > 0 and np.ptp(y) > 0


def spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    """Spearman's ρ of ``x [n]`` and ``y [n]``; None where it is not defined."""
    if not is_correlated(x, y):
        return None
    return float(resampled_spearman(x, y, _each_once(x))[0])


def pearson(x: np.ndarray, y: np.ndarray) -> float | None:
    """Pearson's r of ``x [n]`` and ``y [n]``; None where it is not defined."""
    if not is_correlated(x, y):
        return None
    return float(resampled_pearson(x, y, _each_once(x))[0])


def _each_once(items: np.ndarray) -> np.ndarray:
    """The bootstrap sample that is the items themselves, ``[1, n]``."""
    return np.ones((1, len(items)))


def auroc_interval(
    values: np.ndarray,
    positive: np.ndarray,
    cases: np.ndarray,
) -> list[float] | None:
    """The 95 % interval of an AUROC over resampled cases.

    Args:
        values: larger where an item is more likely positive, ``[n]``.
        positive: whether each item is, ``[n]``, bool.
        cases: the case of each item, ``[n]``.
    """
    return cluster_interval(lambda times: resampled_auroc(values, positive, times), cases)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A kind of correlation: its symbol, and its function of items and of resampled items."""

    symbol: str
    correlation: Correlation
    resampled: ResampledCorrelation


_KINDS = {
    "spearman": _Kind(symbol="rho", correlation=spearman, resampled=resampled_spearman),
    "pearson": _Kind(symbol="r", correlation=pearson, resampled=resampled_pearson),
}


@dataclass(frozen=True, kw_only=True)
class _Group:
    """The items of a group that have both quantities, ``[n]`` each; ``cases`` are row numbers."""

    x: np.ndarray
    y: np.ndarray
    cases: np.ndarray


def grouped_correlations(measure: np.ndarray, quality: np.ndarray) -> dict[str, Row]:
    """Correlations of a measure with a quality, of n cases with an item in each of L groups.

    Groups are landmarks, say. ``within`` is the mean over groups of the correlation over cases,
    which a group's own level of measure and quality cannot bring about. ``groups`` is the number of
    groups that define one. ``rho`` (or ``r``) pools all items, so that groups that are harder as a
    whole count too. Both have 95 % intervals over resampled cases.

    Args:
        measure: ``[n, L]``; NaN where there is none.
        quality: ``[n, L]``, such as errors; NaN where there is none.

    Returns:
        By ``spearman`` and ``pearson``: ``within``, ``within_lower``, ``within_upper``, ``groups``,
        ``rho`` or ``r``, ``lower``, ``upper``, ``n`` items, ``cases``. What is not defined is None.
    """
    present = ~(np.isnan(measure) | np.isnan(quality))
    pooled = _Group(x=measure[present], y=quality[present], cases=np.nonzero(present)[0])
    groups = _groups(measure, quality, present)
    return {name: _correlation_row(kind, pooled, groups, present) for name, kind in _KINDS.items()}


def _groups(measure: np.ndarray, quality: np.ndarray, present: np.ndarray) -> list[_Group]:
    """The groups that define a correlation."""
    groups = []
    for number, rows in enumerate(present.T):
        x = measure[rows, number]
        y = quality[rows, number]
        if is_correlated(x, y):
            groups.append(_Group(x=x, y=y, cases=np.flatnonzero(rows)))
    return groups


def _correlation_row(
    kind: _Kind,
    pooled: _Group,
    groups: list[_Group],
    present: np.ndarray,
) -> Row:
    within = None
    if groups:
        within = float(np.mean([kind.correlation(group.x, group.y) for group in groups]))
    return {
        "within": within,
        **bounds(_within_interval(groups, len(present), kind.resampled), "within_"),
        "groups": len(groups),
        kind.symbol: kind.correlation(pooled.x, pooled.y),
        **bounds(_pooled_interval(pooled, kind.resampled)),
        "n": len(pooled.cases),
        "cases": len(np.unique(pooled.cases)),
    }


def _pooled_interval(items: _Group, resampled: ResampledCorrelation) -> list[float] | None:
    if not is_correlated(items.x, items.y):
        return None
    return cluster_interval(lambda times: resampled(items.x, items.y, times), items.cases)


def _within_interval(
    groups: list[_Group],
    cases: int,
    resampled: ResampledCorrelation,
) -> list[float] | None:
    if not groups or cases < _FEWEST:
        return None

    def mean(times: np.ndarray) -> np.ndarray:
        by_group = [resampled(group.x, group.y, times[:, group.cases]) for group in groups]
        values = np.stack(by_group)
        defined = ~np.isnan(values)
        count = defined.sum(0)
        sums = np.where(defined, values, 0.0).sum(0)
        return np.where(count > 0, sums / np.maximum(count, 1), np.nan)

    return percentile_interval(bootstrap_values(mean, np.arange(cases)))
