"""How much the members of an ensemble differ: from class probabilities ``[M, n, K]`` of M members, and true classes ``[n]``."""

from __future__ import annotations

import numpy as np

_TINY = 1e-12


def pairwise_disagreement(p: np.ndarray) -> np.ndarray:
    """Share of the items whose most likely class differs, ``[M, M]``."""
    label = p.argmax(-1)
    return (label[:, None] != label[None]).mean(-1)


def pairwise_divergence(p: np.ndarray) -> np.ndarray:
    """Mean Kullback-Leibler divergence KL(p_i ‖ p_j) in nat, ``[M, M]``; 0 on the diagonal."""
    logs = np.log(np.maximum(p, _TINY))
    own = (p * logs).sum(-1).mean(-1)
    crossed = np.einsum("ink,jnk->ij", p, logs) / p.shape[1]
    return own[:, None] - crossed


def error_correlation(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's correlation of being wrong, ``[M, M]``; NaN of a member that is always or never right."""
    wrong = (p.argmax(-1) != y).astype(float)
    centred = wrong - wrong.mean(1, keepdims=True)
    scale = np.sqrt((centred**2).mean(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return centred @ centred.T / p.shape[1] / np.outer(scale, scale)


def variance_parts(p: np.ndarray, members: np.ndarray) -> dict[str, float]:
    """Variance of samples ``[T, n, K]``, ``members [T]`` saying whose each is, meaned over items and classes.

    ``total`` = ``between`` (of the members' means, each weighing as many samples as it has) + ``within`` (of samples about them).
    """
    names, place = np.unique(members, return_inverse=True)
    weights = np.bincount(place) / len(place)
    means = np.stack([p[place == k].mean(0) for k in range(len(names))])
    between = np.tensordot(weights, (means - p.mean(0)) ** 2, 1).mean()
    return {
        "total": float(p.var(0).mean()),
        "between": float(between),
        "within": float(((p - means[place]) ** 2).mean()),
    }


def mean_off_diagonal(matrix: np.ndarray) -> float | None:
    """Mean over pairs of different members, without those that are NaN; None without any."""
    values = matrix[~np.eye(len(matrix), dtype=bool)]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def diversity(p: np.ndarray, y: np.ndarray) -> dict[str, float | None]:
    """Means over pairs of members of all of the above."""
    return {
        "disagreement": mean_off_diagonal(pairwise_disagreement(p)),
        "divergence": mean_off_diagonal(pairwise_divergence(p)),
        "error_correlation": mean_off_diagonal(error_correlation(p, y)),
    }
