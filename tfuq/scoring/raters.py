"""Segmentations against several raters.

Masks of T samples ``[T, …]`` and of R raters ``[R, …]`` are bool, on one grid.
"""

from __future__ import annotations

import numpy as np

from tfuq.scoring.calibration import LEAST_PROBABILITY

_BLOCK = 2**18  # voxels at once, whose sums of 0 and 1 are exact in float32


def overlaps(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voxels that every mask of ``a`` shares with every one of ``b``, and the sum of their sizes.

    Args:
        a: masks ``[A, …]``.
        b: masks ``[B, …]``.

    Returns:
        ``[A, B]`` each.
    """
    flat_a = _flat(a)
    flat_b = _flat(b)
    shared = np.zeros((len(a), len(b)))
    for start in range(0, flat_a.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        block_a = flat_a[:, block].astype(np.float32)
        block_b = flat_b[:, block].astype(np.float32)
        shared += block_a @ block_b.T
    sizes_a = flat_a.sum(1)
    sizes_b = flat_b.sum(1)
    return shared, sizes_a[:, None] + sizes_b[None, :]


def _flat(masks: np.ndarray) -> np.ndarray:
    return masks.reshape(len(masks), -1)


def dice_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dice of every mask of ``a`` with every one of ``b``, ``[A, B]``; 1 where both are empty."""
    shared, sizes = overlaps(a, b)
    scores = 2 * shared / np.maximum(sizes, 1)
    return np.where(sizes > 0, scores, 1.0)


def energy_distance(samples: np.ndarray, raters: np.ndarray) -> float:
    """Squared generalized energy distance of samples and raters.

    It is 2·E[d(s, r)] − E[d(s, s')] − E[d(r, r')] with d = 1 − IoU (0 where both are empty).
    Expectations are over all pairs, those of one with itself too; 0 where both are alike. It falls
    as T grows: compare methods of different T by `unbiased_energy_distance`.

    References:
        Kohl et al. 2018, NeurIPS.
    """
    across = _distances(samples, raters).mean()
    among_samples = float(_distances(samples, samples).mean())
    among_raters = float(_distances(raters, raters).mean())
    return float(2 * float(across) - among_samples - among_raters)


def unbiased_energy_distance(samples: np.ndarray, raters: np.ndarray) -> float | None:
    """`energy_distance` without the pairs of a mask with itself.

    Their distance is 0 whatever the spread. So this is a U-statistic: on average it is what many
    samples and many raters would have, whatever T and R, and 0 where samples and raters come from
    one distribution. Of a few it can be below 0. One sample counts as a method that is not random,
    whose samples all agree.

    Returns:
        None of one rater, who tells nothing of how raters differ.
    """
    if len(raters) < 2:
        return None
    among_samples = _without_self(_distances(samples, samples))
    among_raters = _without_self(_distances(raters, raters))
    across = _distances(samples, raters).mean()
    return float(2 * across - (among_samples + among_raters))


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 − IoU of every mask of ``a`` with every one of ``b``; 0 where both are empty."""
    shared, sizes = overlaps(a, b)
    union = sizes - shared
    distances = 1 - shared / np.maximum(union, 1)
    return np.where(union > 0, distances, 0.0)


def _without_self(distances: np.ndarray) -> float:
    """Mean of a table of distances ``[n, n]`` without its diagonal, which is 0; 0 of one."""
    n = len(distances)
    pairs = max(n * (n - 1), 1)
    return float(distances.sum() / pairs)


def rater_dice(raters: np.ndarray) -> float | None:
    """Mean Dice over pairs of raters, what a method can hope for; None of one rater."""
    pairs = np.triu_indices(len(raters), 1)
    scores = dice_matrix(raters, raters)[pairs]
    if not len(scores):
        return None
    return float(scores.mean())


def volumes_covered(samples: np.ndarray, raters: np.ndarray) -> np.ndarray:
    """Whether each rater's volume lies between the least and the largest of the samples.

    Returns:
        ``[R]``, bool.
    """
    sizes = _flat(samples).sum(1)
    volumes = _flat(raters).sum(1)
    is_within: np.ndarray = (volumes >= sizes.min()) & (volumes <= sizes.max())
    return is_within


def rater_disagreement(labels: np.ndarray, classes: int) -> np.ndarray:
    """Entropy of the raters' votes at each voxel, in nat.

    Args:
        labels: of the raters, ``[R, …]``.
        classes: K.
    """
    shares = np.stack([(labels == k).mean(0) for k in range(classes)])
    logarithms = np.log(np.maximum(shares, LEAST_PROBABILITY))
    entropies: np.ndarray = -(shares * logarithms).sum(0)
    return entropies


def normalized_cross_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Mean of the product of two maps, each less its mean and over its standard deviation.

    It is None where one of them is constant.
    """
    x = a.astype(np.float64) - a.mean()
    y = b.astype(np.float64) - b.mean()
    scale = x.std() * y.std()
    if not scale > 0:
        return None
    return float((x * y).mean() / scale)
