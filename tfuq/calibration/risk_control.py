"""Conformal risk control of a structure: thresholds of its probability that bound it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tfuq.calibration.conformal import check_alpha

# Where a threshold may lie: even in logits, 0 that all reach, and 2 that none does. Maps of
# probabilities are float32, too.
_LOGITS = np.linspace(-13.8, 13.8, 553)
_BLOCK = 2**20  # values
Side = Literal["lower", "upper"]  # of a structure's bounds
THRESHOLDS = np.concatenate([[0.0], 1 / (1 + np.exp(-_LOGITS)), [2.0]]).astype(np.float32)


def missed_shares(p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of the true structure where its probability is below each threshold.

    Args:
        p: probabilities of the structure, ``[X, Y, Z]``.
        truth: ``[X, Y, Z]``, bool.

    Returns:
        ``[thresholds]``; 0 of an absent structure.
    """
    voxels = np.count_nonzero(truth)
    missed: np.ndarray = _count_below(p[truth]) / max(voxels, 1)
    return missed


def excess_shares(p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Voxels outside the true structure whose probability reaches each threshold.

    Args:
        p: probabilities of the structure, ``[X, Y, Z]``.
        truth: ``[X, Y, Z]``, bool.

    Returns:
        ``[thresholds]``, as a share of the structure's voxels, at most 1.
    """
    outside = p[~truth]
    voxels = np.count_nonzero(truth)
    reaching = len(outside) - _count_below(outside)
    excess: np.ndarray = np.minimum(reaching / max(voxels, 1), 1.0)
    return excess


def reaching_shares(p: np.ndarray) -> np.ndarray:
    """Share of all voxels whose probability reaches each threshold, ``[thresholds]``."""
    return 1 - _count_below(p.ravel()) / p.size


def _count_below(values: np.ndarray) -> np.ndarray:
    """How many values lie below each threshold, ``[thresholds]``; no value is sorted."""
    counts = np.zeros(len(THRESHOLDS) + 1, np.int64)
    for start in range(0, len(values), _BLOCK):
        reached = np.searchsorted(THRESHOLDS, values[start : start + _BLOCK], side="right")
        counts += np.bincount(reached, minlength=len(counts))
    below: np.ndarray = np.cumsum(counts)[:-1]
    return below


def bounding_thresholds(
    missed: np.ndarray,
    excess: np.ndarray,
    alpha: float,
) -> dict[Side, float]:
    """Conformal risk control of a structure.

    With R̂ the mean loss, both thresholds ask n/(n + 1)·R̂ + 1/(n + 1) ≤ α.

    Args:
        missed: `missed_shares` of n cases, ``[n, thresholds]``.
        excess: `excess_shares` of n cases, ``[n, thresholds]``.
        alpha: what a new case's expected losses are at most.

    Returns:
        ``upper``: the largest threshold for the missed shares. ``lower``: the smallest for the
        excess shares, not below ``upper``.

    Raises:
        DataError: see `check_alpha`.
    """
    check_alpha(alpha, len(missed))
    upper = np.flatnonzero(_is_controlled(missed, alpha))[-1]  # as nothing is missed at 0
    smallest = np.flatnonzero(_is_controlled(excess, alpha))[0]  # as nothing reaches 2
    lower = max(upper, smallest)
    return {"upper": float(THRESHOLDS[upper]), "lower": float(THRESHOLDS[lower])}


def _is_controlled(losses: np.ndarray, alpha: float) -> np.ndarray:
    n = len(losses)
    bound = (n * losses.mean(0) + 1) / (n + 1)
    is_controlled: np.ndarray = bound <= alpha + 1e-12
    return is_controlled
