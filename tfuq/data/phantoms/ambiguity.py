"""Borders that raters draw differently, with the probabilities that they do.

A smooth depth d(x) decides the tissue: a rater draws label Σ_k [d(x) + s·g(x) > τ_k], where g is a
smooth Gaussian field of unit variance, the rater's own, and s the ambiguity of the case. So the
true probability that a voxel's label is at least k is exactly Φ((d − τ_k) / s), while one rater's
border is as smooth as a drawn one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage, special

from tfuq.data.headers import SCANNER, SpatialHeader
from tfuq.data.volume import Volume
from tfuq.data.writers import write_nifti

_RATERS_SMOOTHNESS = 2.0  # voxels


@dataclass(frozen=True, kw_only=True)
class LabelledPhantom:
    """A case as it is drawn, with the truth.

    Attributes:
        image: ``[X, Y, Z]``, or ``[X, Y, Z, C]`` of several modalities.
        probabilities: Of every class, ``[X, Y, Z, K]``.
        raters: Labels ``[R, X, Y, Z]``; the first rater is the reference.
    """

    image: np.ndarray
    probabilities: np.ndarray
    raters: np.ndarray


def smooth_field(
    rng: np.random.Generator, shape: Sequence[int], sigma: float | Sequence[float]
) -> np.ndarray:
    """Draw a stationary Gaussian field of unit variance at every voxel.

    Args:
        rng: The source of randomness.
        shape: Voxels along each of three axes.
        sigma: The standard deviation in voxels of the filter that smooths the field, of all axes
            or of each.
    """
    impulse = np.zeros(tuple(shape))
    impulse[0, 0, 0] = 1
    response = ndimage.gaussian_filter(impulse, sigma, mode="wrap")
    norm = np.sqrt((response**2).sum())
    noise = rng.normal(size=tuple(shape))
    field: np.ndarray = ndimage.gaussian_filter(noise, sigma, mode="wrap") / norm
    return field


def depth_below(
    rng: np.random.Generator,
    shape: Sequence[int],
    centre: np.ndarray,
    radii: np.ndarray,
    folds: float,
) -> np.ndarray:
    """Draw the depth below the surface of a folded ellipsoid.

    Args:
        rng: The source of randomness.
        shape: Voxels along each axis.
        centre: Of the ellipsoid, ``[3]`` in voxels.
        radii: Of the ellipsoid, ``[3]`` in voxels.
        folds: How smooth the folds are: the ``sigma`` of a `smooth_field`.

    Returns:
        The depth ``[X, Y, Z]`` in voxels, negative outside.
    """
    indices = np.indices(tuple(shape))
    offsets = np.moveaxis(indices, 0, -1) - centre
    distance = np.linalg.norm(offsets / radii, axis=-1)
    depth: np.ndarray = (1 - distance) * np.mean(radii) + smooth_field(rng, shape, folds)
    return depth


def label_probabilities(
    depth: np.ndarray, thresholds: Sequence[float], ambiguity: float
) -> np.ndarray:
    """Compute the true probability of each label.

    Args:
        depth: ``[X, Y, Z]`` in voxels.
        thresholds: The depth at which each label but 0 begins.
        ambiguity: Of the case, in voxels.

    Returns:
        ``[X, Y, Z, len(thresholds) + 1]``.
    """
    at_least = [special.ndtr((depth - threshold) / ambiguity) for threshold in thresholds]
    certain = np.ones_like(depth)
    impossible = np.zeros_like(depth)
    cumulative = np.stack([certain, *at_least, impossible], -1)
    probabilities: np.ndarray = cumulative[..., :-1] - cumulative[..., 1:]
    return probabilities


def draw_label(
    rng: np.random.Generator, depth: np.ndarray, thresholds: Sequence[float], ambiguity: float
) -> np.ndarray:
    """Draw one rater's labels, with a field of the rater's at each threshold.

    Args:
        rng: The source of randomness.
        depth: ``[X, Y, Z]`` in voxels.
        thresholds: The depth at which each label but 0 begins.
        ambiguity: Of the case, in voxels.

    Returns:
        Labels ``[X, Y, Z]`` from 0 to ``len(thresholds)``.
    """
    labels = np.zeros(depth.shape, int)
    for threshold in thresholds:
        field = smooth_field(rng, depth.shape, _RATERS_SMOOTHNESS)
        labels += depth + ambiguity * field > threshold
    return labels


def write_truth(
    folder: Path, name: str, probabilities: np.ndarray, raters: np.ndarray, affine: np.ndarray
) -> None:
    """Write what is known of a case beside the official files.

    Args:
        folder: The folder of the data set.
        name: The name of the case.
        probabilities: Of every class, ``[X, Y, Z, K]``.
        raters: Labels ``[R, X, Y, Z]``.
        affine: Of all of these.
    """
    header = SpatialHeader.of_affine(affine, SCANNER)
    for number, label in enumerate(raters, start=1):
        path = folder / "raters" / f"rater-{number:02d}" / f"{name}.nii.gz"
        write_nifti(path, Volume(label, affine, header))
    path = folder / "probabilities" / f"{name}.nii.gz"
    write_nifti(path, Volume(probabilities, affine, header, 4))
