"""Segmentations against several raters: masks of samples ``[T, …]`` and of raters ``[R, …]``, bool, on one grid."""

from __future__ import annotations

import numpy as np

_EXACT_FLOAT32 = 2**24  # sums of 0 and 1 are exact below


def overlaps(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voxels that every mask of ``a`` shares with every one of ``b``, and the sum of their sizes: ``[len(a), len(b)]`` each."""
    flat_a, flat_b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    shared = np.zeros((len(a), len(b)))
    for start in range(0, flat_a.shape[1], _EXACT_FLOAT32):
        part = slice(start, start + _EXACT_FLOAT32)
        shared += flat_a[:, part].astype(np.float32) @ flat_b[:, part].astype(np.float32).T
    return shared, flat_a.sum(1)[:, None] + flat_b.sum(1)[None, :]


def dice_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dice of every mask of ``a`` with every one of ``b``; 1 where both are empty."""
    shared, sizes = overlaps(a, b)
    return np.where(sizes > 0, 2 * shared / np.maximum(sizes, 1), 1.0)


def energy_distance(samples: np.ndarray, raters: np.ndarray) -> float:
    """Squared generalized energy distance 2·E[d(s, r)] − E[d(s, s')] − E[d(r, r')] with d = 1 − IoU (0 where both are empty).

    Expectations are over all pairs, those of one with itself too, as Kohl et al. 2018 estimate it; 0 where both are alike. It
    falls as T grows: compare methods of different T by `unbiased_energy_distance`.
    """
    return float(2 * _distance(samples, raters) - _distance(samples, samples) - _distance(raters, raters))


def unbiased_energy_distance(samples: np.ndarray, raters: np.ndarray) -> float | None:
    """`energy_distance` without the pairs of a mask with itself, whose distance is 0 whatever the spread.

    A U-statistic: on average it is what many samples and many raters would have, whatever T and R, and 0 where samples and
    raters come from one distribution; of a few it can be below 0. One sample counts as a method that draws nothing, whose
    samples all agree. None of one rater, who tells nothing of how raters differ.
    """
    if len(raters) < 2:
        return None
    among = [_without_self(_distances(masks, masks)) for masks in (samples, raters)]
    return float(2 * _distances(samples, raters).mean() - sum(among))


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(_distances(a, b).mean())


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 − IoU of every mask of ``a`` with every one of ``b``; 0 where both are empty."""
    shared, sizes = overlaps(a, b)
    union = sizes - shared
    return np.where(union > 0, 1 - shared / np.maximum(union, 1), 0.0)


def _without_self(distances: np.ndarray) -> float:
    """Mean of a table of distances ``[n, n]`` without its diagonal, which is 0; 0 of one."""
    return float(distances.sum() / max(len(distances) * (len(distances) - 1), 1))


def rater_dice(raters: np.ndarray) -> float | None:
    """Mean Dice over pairs of raters, what a method can hope for; None of one rater."""
    pairs = dice_matrix(raters, raters)[np.triu_indices(len(raters), 1)]
    return float(pairs.mean()) if len(pairs) else None


def volumes_covered(samples: np.ndarray, raters: np.ndarray) -> np.ndarray:
    """Whether each rater's volume lies between the least and the largest of the samples, ``[R]`` bool."""
    sizes, volumes = (masks.reshape(len(masks), -1).sum(1) for masks in (samples, raters))
    return (volumes >= sizes.min()) & (volumes <= sizes.max())


def rater_disagreement(labels: np.ndarray, classes: int) -> np.ndarray:
    """Entropy (nat) of the raters' votes at each voxel, of their ``labels [R, …]``."""
    shares = np.stack([(labels == k).mean(0) for k in range(classes)])
    return -(shares * np.log(np.maximum(shares, 1e-12))).sum(0)


def normalized_cross_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Mean of the product of two maps, each less its mean and over its standard deviation; None where one is constant."""
    x, y = (values.astype(np.float64) - values.mean() for values in (a, b))
    scale = x.std() * y.std()
    return float((x * y).mean() / scale) if scale > 0 else None
