"""How much the members of an ensemble differ, and what several gain over one: from class probabilities ``[M, n, K]`` of M members,
and true classes ``[n]``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

_TINY = 1e-12
_MOST_SUBSETS = 12  # of a size; drawn at random where there are more


def pairwise_disagreement(p: np.ndarray) -> np.ndarray:
    """Share of the items whose most likely class differs, ``[M, M]``."""
    label = p.argmax(-1)
    return (label[:, None] != label[None]).mean(-1)


def pairwise_divergence(p: np.ndarray) -> np.ndarray:
    """Mean Kullback-Leibler divergence KL(p_i ‖ p_j) in nat, ``[M, M]``; 0 on the diagonal."""
    logs = np.log(np.maximum(p, _TINY))
    table = np.zeros((len(p), len(p)))
    for i, j in itertools.permutations(range(len(p)), 2):
        table[i, j] = (p[i] * (logs[i] - logs[j])).sum(-1, dtype=np.float64).mean()
    return table


def error_correlation(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's correlation of being wrong, ``[M, M]``; NaN of a member that is always or never right."""
    wrong = (p.argmax(-1) != y).astype(float)
    centred = wrong - wrong.mean(1, keepdims=True)
    scale = np.sqrt((centred**2).mean(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return centred @ centred.T / p.shape[1] / np.outer(scale, scale)


def subsets(members: int, size: int) -> list[tuple[int, ...]]:
    """The subsets of a size, or some of them: ever the same."""
    if math.comb(members, size) <= _MOST_SUBSETS:
        return list(itertools.combinations(range(members), size))
    rng, found = np.random.default_rng(size), set()
    while len(found) < _MOST_SUBSETS:
        found.add(tuple(sorted(map(int, rng.choice(members, size, replace=False)))))
    return sorted(found)


def gain_curve(p: np.ndarray, y: np.ndarray, quality: Callable[[np.ndarray], float]) -> list[np.ndarray]:
    """Of 1, 2 … M members, for each of their `subsets`: the ``quality`` of the label ``[n]`` that their mean gives, and its negative
    log-likelihood (nat): ``[subsets, 2]``."""
    curve = []
    for size in range(1, len(p) + 1):
        means = (p[list(chosen)].mean(0) for chosen in subsets(len(p), size))
        curve.append(np.array([(quality(mean.argmax(-1)), _nll(mean, y)) for mean in means]))
    return curve


def _nll(p: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(np.maximum(np.take_along_axis(p, y[:, None], -1), _TINY)).mean(dtype=np.float64))


def mean_off_diagonal(matrix: np.ndarray) -> float | None:
    """Mean over pairs of different members, without those that are NaN; None without any."""
    values = matrix[~np.eye(len(matrix), dtype=bool)]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None
