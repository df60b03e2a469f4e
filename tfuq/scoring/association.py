"""How two quantities go together, for items that are nested in cases: correlations and AUROC with intervals over cases.

The interval of a pooled correlation resamples whole cases. There is no p-value beside it: the tests of independence count every
item as a case of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from tfuq.scoring.bootstrap import bootstrap_values, bounds, cluster_interval, percentile_interval

_FEWEST = 3  # items of a correlation
_NO_SPREAD = 1e-20  # of the largest squared deviation: what rounding leaves of a constant


def is_correlated(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a correlation of ``x`` and ``y [n]`` is defined: three items or more, neither constant."""
    return len(x) >= _FEWEST and np.ptp(x) > 0 and np.ptp(y) > 0


def spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    """Spearman's ρ of ``x`` and ``y [n]``; None where it is not defined."""
    return float(stats.spearmanr(x, y)[0]) if is_correlated(x, y) else None


def pearson(x: np.ndarray, y: np.ndarray) -> float | None:
    """Pearson's r of ``x`` and ``y [n]``; None where it is not defined."""
    return float(stats.pearsonr(x, y)[0]) if is_correlated(x, y) else None


def resampled_ranks(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Midranks ``[d, n]`` of items whose values ``[n]`` occur ``times [d, n]`` each in d samples."""
    group = np.unique(values, return_inverse=True)[1]
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(group.max() + 1))
    sizes = np.add.reduceat(times[:, order], starts, axis=1)
    before = np.cumsum(sizes, axis=1) - sizes
    return (before + (sizes + 1) / 2)[:, group]


def resampled_pearson(x: np.ndarray, y: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Pearson's r ``[d]`` of items that occur ``times [d, n]`` each; NaN where it is not defined.

    ``x`` and ``y`` are ``[n]``, or ``[d, n]`` where they differ from sample to sample.
    """
    a, b = _centred(x, times), _centred(y, times)
    spread = (times * a * a).sum(1), (times * b * b).sum(1)
    defined = np.minimum(*spread) > _NO_SPREAD * times.sum(1)
    scale = np.sqrt(np.where(defined, spread[0] * spread[1], 1.0))
    return np.where(defined, (times * a * b).sum(1) / scale, np.nan)


def _centred(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Values in units of their largest deviation, less each sample's mean, ``[d, n]``."""
    deviations = np.asarray(values, float) - np.mean(values)
    deviations = deviations / (np.abs(deviations).max() or 1.0)
    deviations = np.broadcast_to(deviations, times.shape)
    return deviations - ((times * deviations).sum(1) / np.maximum(times.sum(1), 1))[:, None]


def resampled_spearman(x: np.ndarray, y: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Spearman's ρ ``[d]`` of items ``[n]`` that occur ``times [d, n]`` each; NaN where it is not defined."""
    return resampled_pearson(resampled_ranks(x, times), resampled_ranks(y, times), times)


def resampled_auroc(values: np.ndarray, positive: np.ndarray, times: np.ndarray) -> np.ndarray:
    """AUROC ``[d]`` of values ``[n]`` for the positive items, which occur ``times [d, n]`` each; NaN without both kinds."""
    positives = (times * positive).sum(1)
    negatives = times.sum(1) - positives
    ranks = (resampled_ranks(values, times) * times * positive).sum(1)
    pairs = positives * negatives
    wins = ranks - positives * (positives + 1) / 2
    return np.where(pairs > 0, wins / np.maximum(pairs, 1), np.nan)


def auroc_interval(values: np.ndarray, positive: np.ndarray, cases: np.ndarray) -> list[float] | None:
    """The 95 % interval of an AUROC over resampled cases; values, kinds and cases are ``[n]``."""
    return cluster_interval(lambda times: resampled_auroc(values, positive, times), cases)


_KINDS: dict[str, tuple[str, Callable, Callable]] = {
    "spearman": ("rho", spearman, resampled_spearman),
    "pearson": ("r", pearson, resampled_pearson),
}


def grouped_correlations(measure: np.ndarray, quality: np.ndarray) -> dict[str, dict]:
    """Correlations of a measure with a quality, of n cases with an item in each of L groups (landmarks).

    ``within`` is the mean over groups of the correlation over cases, which a group's own level of measure and quality cannot
    bring about; ``groups`` is the number of groups that define one. ``rho`` (or ``r``) pools all items, so that groups that
    are harder as a whole count too. Both have 95 % intervals over resampled cases.

    Args:
        measure: ``[n, L]``; NaN where there is none.
        quality: ``[n, L]``, such as errors; NaN where there is none.

    Returns:
        By ``spearman`` and ``pearson``: ``within``, ``within_lower``, ``within_upper``, ``groups``, ``rho`` or ``r``,
        ``lower``, ``upper``, ``n`` items, ``cases``. What is not defined is None.
    """
    present = ~(np.isnan(measure) | np.isnan(quality))
    case = np.nonzero(present)[0]
    pooled = measure[present], quality[present]
    columns = [(measure[rows, k], quality[rows, k], np.flatnonzero(rows)) for k, rows in enumerate(present.T)]
    groups = [column for column in columns if is_correlated(*column[:2])]
    table = {}
    for name, (symbol, function, resampled) in _KINDS.items():
        within = [function(x, y) for x, y, _ in groups]
        table[name] = {
            "within": float(np.mean(within)) if within else None,
            **bounds(_within_interval(groups, len(present), resampled), "within_"),
            "groups": len(groups),
            symbol: function(*pooled),
            **bounds(_pooled_interval(*pooled, case, resampled)),
            "n": len(case),
            "cases": len(np.unique(case)),
        }
    return table


def _pooled_interval(x: np.ndarray, y: np.ndarray, case: np.ndarray, resampled: Callable):
    if not is_correlated(x, y):
        return None
    return cluster_interval(lambda times: resampled(x, y, times), case)


def _within_interval(groups: list[tuple], cases: int, resampled: Callable) -> list[float] | None:
    if not groups or cases < _FEWEST:
        return None

    def mean(times):
        values = np.stack([resampled(x, y, times[:, rows]) for x, y, rows in groups])
        defined = ~np.isnan(values)
        count = defined.sum(0)
        sums = np.where(defined, values, 0.0).sum(0)
        return np.where(count > 0, sums / np.maximum(count, 1), np.nan)

    return percentile_interval(bootstrap_values(mean, np.arange(cases)))
