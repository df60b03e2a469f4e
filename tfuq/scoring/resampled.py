"""Correlations and AUROC of items that occur several times, as bootstrap samples have them."""

from __future__ import annotations

import numpy as np

_NO_SPREAD = 1e-20  # of the largest squared deviation: what rounding leaves of a constant


def resampled_ranks(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Midranks of items that occur several times.

    Args:
        values: of the items, ``[n]``.
        times: how often each item occurs in each of d bootstrap samples, ``[d, n]``.

    Returns:
        ``[d, n]``.
    """
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    groups = np.arange(group.max() + 1)
    starts = np.searchsorted(group[order], groups)
    sizes = np.add.reduceat(times[:, order], starts, axis=1)
    items_below = np.cumsum(sizes, axis=1) - sizes
    midranks = items_below + (sizes + 1) / 2
    return midranks[:, group]


def resampled_pearson(x: np.ndarray, y: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Pearson's r of items that occur several times.

    Args:
        x: ``[n]``, or ``[d, n]`` where it differs from sample to sample.
        y: as ``x``.
        times: how often each item occurs in each of d bootstrap samples, ``[d, n]``.

    Returns:
        ``[d]``; NaN where it is not defined.
    """
    a = _centred(x, times)
    b = _centred(y, times)
    spread_a = (times * a * a).sum(1)
    spread_b = (times * b * b).sum(1)
    shared = (times * a * b).sum(1)
    defined = np.minimum(spread_a, spread_b) > _NO_SPREAD * times.sum(1)
    squared_scale = np.where(defined, spread_a * spread_b, 1.0)
    return np.where(defined, shared / np.sqrt(squared_scale), np.nan)


def _centred(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Values in units of their largest deviation, less each sample's mean, ``[d, n]``."""
    deviations = np.asarray(values, float) - np.mean(values)
    largest = np.abs(deviations).max() or 1.0
    deviations = np.broadcast_to(deviations / largest, times.shape)
    items = np.maximum(times.sum(1), 1)
    means = (times * deviations).sum(1) / items
    residuals: np.ndarray = deviations - means[:, None]
    return residuals


def resampled_spearman(x: np.ndarray, y: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Spearman's ρ of items that occur several times.

    Args:
        x: ``[n]``.
        y: ``[n]``.
        times: how often each item occurs in each of d bootstrap samples, ``[d, n]``.

    Returns:
        ``[d]``; NaN where it is not defined.
    """
    ranks_x = resampled_ranks(x, times)
    ranks_y = resampled_ranks(y, times)
    return resampled_pearson(ranks_x, ranks_y, times)


def resampled_auroc(values: np.ndarray, positive: np.ndarray, times: np.ndarray) -> np.ndarray:
    """AUROC of items that occur several times.

    Args:
        values: larger where an item is more likely positive, ``[n]``.
        positive: whether each item is, ``[n]``, bool.
        times: how often each item occurs in each of d bootstrap samples, ``[d, n]``.

    Returns:
        ``[d]``; NaN of a sample without positive items, or without others.
    """
    positives = (times * positive).sum(1)
    negatives = times.sum(1) - positives
    ranks = resampled_ranks(values, times)
    rank_sums = (ranks * times * positive).sum(1)
    pairs = positives * negatives
    wins = rank_sums - positives * (positives + 1) / 2
    return np.where(pairs > 0, wins / np.maximum(pairs, 1), np.nan)
