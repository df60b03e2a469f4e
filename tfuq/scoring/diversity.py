"""How much the members of an ensemble differ, and what several gain over one.

Everywhere ``p [M, n, K]`` are the class probabilities of M members for n items, and ``y [n]`` are
the numbers of the true classes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from tfuq.scoring.calibration import LEAST_PROBABILITY

_MOST_SUBSETS = 12  # of a size; chosen at random where there are more


def pairwise_disagreement(p: np.ndarray) -> np.ndarray:
    """Share of the items whose most likely class differs, ``[M, M]``."""
    label = p.argmax(-1)
    differs = label[:, None] != label[None]
    shares: np.ndarray = differs.mean(-1)
    return shares


def pairwise_divergence(p: np.ndarray) -> np.ndarray:
    """Mean Kullback-Leibler divergence KL(p_i ‖ p_j) in nat, ``[M, M]``; 0 on the diagonal."""
    members = len(p)
    logarithms = np.log(np.maximum(p, LEAST_PROBABILITY))
    table = np.zeros((members, members))
    for i, j in itertools.permutations(range(members), 2):
        terms = p[i] * (logarithms[i] - logarithms[j])
        divergences = terms.sum(-1, dtype=np.float64)
        table[i, j] = divergences.mean()
    return table


def error_correlation(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's correlation of being wrong, ``[M, M]``.

    It is NaN of a member that is always or never right.
    """
    wrong = (p.argmax(-1) != y).astype(float)
    centred = wrong - wrong.mean(1, keepdims=True)
    scale = np.sqrt((centred**2).mean(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations: np.ndarray = centred @ centred.T / p.shape[1] / np.outer(scale, scale)
        return correlations


def subsets(members: int, size: int) -> list[tuple[int, ...]]:
    """The subsets of a size, or some of them: always the same.

    Args:
        members: M, numbered from 0.
        size: members of a subset.
    """
    if math.comb(members, size) <= _MOST_SUBSETS:
        return list(itertools.combinations(range(members), size))
    rng = np.random.default_rng(size)
    chosen: set[tuple[int, ...]] = set()
    while len(chosen) < _MOST_SUBSETS:
        subset = rng.choice(members, size, replace=False)
        chosen.add(tuple(sorted(map(int, subset))))
    return sorted(chosen)


def gain_curve(
    p: np.ndarray,
    y: np.ndarray,
    quality: Callable[[np.ndarray], float],
) -> list[np.ndarray]:
    """Quality and likelihood of 1, 2 … M members.

    Args:
        p: probabilities ``[M, n, K]``.
        y: true classes ``[n]``.
        quality: of the label ``[n]`` that the mean of some members gives.

    Returns:
        For each number of members, the quality and the negative log-likelihood (nat) of each of
        their `subsets`, ``[subsets, 2]``.
    """
    curve = []
    for size in range(1, len(p) + 1):
        points = []
        for subset in subsets(len(p), size):
            mean = p[list(subset)].mean(0)
            points.append((quality(mean.argmax(-1)), _nll(mean, y)))
        curve.append(np.array(points))
    return curve


def _nll(p: np.ndarray, y: np.ndarray) -> float:
    true = np.take_along_axis(p, y[:, None], -1)
    logarithms = np.log(np.maximum(true, LEAST_PROBABILITY))
    return float(-logarithms.mean(dtype=np.float64))


def mean_off_diagonal(matrix: np.ndarray) -> float | None:
    """Mean over pairs of different members, without those that are NaN; None without any."""
    is_off_diagonal = ~np.eye(len(matrix), dtype=bool)
    values = matrix[is_off_diagonal]
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    return float(values.mean())
