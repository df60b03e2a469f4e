"""Borders that raters draw differently, with the probabilities that they do.

A smooth depth d(x) decides the tissue: a rater draws label Σ_k [d(x) + s·g(x) > τ_k], where g is a smooth Gaussian field of
unit variance, the rater's own, and s the ambiguity of the case. So the true probability that a voxel's label is at least k is
exactly Φ((d − τ_k) / s), while one rater's border is as smooth as a drawn one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage, special

from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti

_RATERS_SMOOTHNESS = 2.0  # voxels


def smooth_field(rng: np.random.Generator, shape: Sequence[int], sigma: float) -> np.ndarray:
    """A stationary Gaussian field of unit variance at every voxel, smooth over ``sigma`` voxels."""
    impulse = np.zeros(tuple(shape))
    impulse[0, 0, 0] = 1
    norm = np.sqrt((ndimage.gaussian_filter(impulse, sigma, mode="wrap") ** 2).sum())
    return ndimage.gaussian_filter(rng.normal(size=tuple(shape)), sigma, mode="wrap") / norm


def depth_below(rng: np.random.Generator, shape: Sequence[int], centre: Sequence[float], radii: Sequence[float],
                folds: float) -> np.ndarray:  # fmt: skip
    """Depth in voxels below the surface of an ellipsoid (negative outside), which ``smooth_field`` of width ``folds`` folds."""
    offsets = np.moveaxis(np.indices(tuple(shape)), 0, -1) - np.asarray(centre)
    return (1 - np.linalg.norm(offsets / np.asarray(radii), axis=-1)) * np.mean(radii) + smooth_field(rng, shape, folds)


def label_probabilities(depth: np.ndarray, thresholds: Sequence[float], ambiguity: float) -> np.ndarray:
    """``[X, Y, Z, len(thresholds) + 1]``: the true probability of each label."""
    at_least = [special.ndtr((depth - threshold) / ambiguity) for threshold in thresholds]
    cumulative = np.stack([np.ones_like(depth), *at_least, np.zeros_like(depth)], -1)
    return cumulative[..., :-1] - cumulative[..., 1:]


def draw_label(rng: np.random.Generator, depth: np.ndarray, thresholds: Sequence[float], ambiguity: float) -> np.ndarray:
    """One rater's labels, 0 to ``len(thresholds)``, with a field of the rater's at each threshold."""
    return sum(depth + ambiguity * smooth_field(rng, depth.shape, _RATERS_SMOOTHNESS) > t for t in thresholds)


def write_truth(folder: Path, name: str, probabilities: Volume, raters: Sequence[Volume]) -> None:
    """What is known of a case, beside the official files: each rater's label and the probabilities of every class."""
    for number, label in enumerate(raters, start=1):
        write_nifti(folder / "raters" / f"rater-{number:02d}" / f"{name}.nii.gz", label)
    write_nifti(folder / "probabilities" / f"{name}.nii.gz", probabilities)
