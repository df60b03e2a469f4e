"""From an uncertainty map to one number of an image.

References:
    Jungo et al. 2020, Analyzing the quality and challenges of uncertainty estimations for brain
    tumor segmentation (weights by the distance from the boundary).
    Kahl et al. 2024, ValUES: a framework for systematic validation of uncertainty estimation in
    semantic segmentation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.boundary import at_boundary
from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    from scipy import ndimage
else:
    ndimage = ModuleOnUse("scipy.ndimage")

PATCH = 10  # voxels along each axis
_QUANTILE = 0.95
_TOP_SHARE = 0.05  # of voxels
_BOUNDARY_WIDTH = 2.0  # voxels; at this distance from a boundary a voxel counts for 0.39
_REACH = 2  # voxels to either side of a boundary
# Of a volume that are worked on at once.
_PLANES = 32
_ROWS = 128


def image_level(
    uncertainty: np.ndarray,
    highest: float,
    known: np.ndarray | None = None,
) -> dict[str, float]:
    """Three numbers of an image.

    Args:
        uncertainty: a map ``[X, Y, Z]`` with values in 0…``highest``.
        highest: the largest value that the measure can have.
        known: where the reference is known, bool; None for everywhere. Other voxels count for
            nothing; in a patch they are as certain ones.

    Returns:
        ``image``, the mean; ``patch_maximum``, the largest mean of a patch; and
        ``uncertain_share``, the share of voxels above half of ``highest``.
    """
    values = uncertainty
    if known is not None:
        values = uncertainty[known]
        uncertainty = np.where(known, uncertainty, 0)
    is_uncertain = values > highest / 2
    return {
        "image": float(values.mean()),
        "patch_maximum": patch_maximum(uncertainty),
        "uncertain_share": float(is_uncertain.mean()),
    }


def patch_maximum(uncertainty: np.ndarray, size: int = PATCH) -> float:
    """The largest mean over a window, at every position of the window.

    Args:
        uncertainty: a map ``[X, Y, Z]``.
        size: voxels of the window along each axis; a shorter axis is covered as a whole.
    """
    largest = -np.inf
    for planes in _stretches(uncertainty.shape[-1], size, _PLANES):
        for rows in _stretches(uncertainty.shape[0], size, _ROWS):
            largest = max(largest, _largest_mean(uncertainty[rows, ..., planes], size))
    return largest


def _stretches(length: int, size: int, windows: int) -> Iterator[slice]:
    """Stretches of an axis that together have every window of a size, each so many of them."""
    width = min(size, length)
    last = length - width
    for start in range(0, last + 1, windows):
        yield slice(start, min(start + windows, last + 1) + width - 1)


def _largest_mean(slab: np.ndarray, size: int) -> float:
    means = slab.astype(np.float64)
    for axis, length in enumerate(slab.shape):
        width = min(size, length)
        means = _window_means(means, axis, width)
    return float(means.max())


def _window_means(values: np.ndarray, axis: int, width: int) -> np.ndarray:
    """Means of all windows along an axis.

    Sums of windows of 1, 2, 4 and so on are made of one another. They lie one after the other in a
    window of any width.
    """
    doubled = np.moveaxis(values, axis, 0)
    windows = len(doubled) - width + 1
    sums = np.zeros((windows, *doubled.shape[1:]))
    covered = 0
    size = 1
    while size <= width:
        if width & size:
            sums += doubled[covered : covered + windows]
            covered += size
        if 2 * size <= width:
            doubled = doubled[:-size] + doubled[size:]
        size *= 2
    return np.moveaxis(sums / width, 0, axis)


def upper_quantile(values: np.ndarray) -> float:
    """The 95th percentile of values ``[n]``, n ≥ 1."""
    return float(np.quantile(values, _QUANTILE))


def top_mean(values: np.ndarray) -> float:
    """The mean of the highest 5 % of values ``[n]``, of one at least."""
    count = max(math.ceil(_TOP_SHARE * values.size - 1e-9), 1)
    highest = np.partition(values, values.size - count)[-count:]
    return float(highest.mean(dtype=np.float64))


def interior_weights(label: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """How much voxels count that lie away from the boundaries of a label map.

    Where two classes meet, some uncertainty is there in good segmentations too. So a voxel at a
    distance d from the nearest boundary voxel (`tfuq.data.boundary.at_boundary`) counts for
    1 − exp(−½ (d / 2s)²), where s is the geometric mean of the spacing along axes of more than one
    voxel: a boundary voxel for nothing, one that is far off for one.

    Args:
        label: ``[X, Y, Z]``.
        spacing: of the voxels.

    Returns:
        ``[X, Y, Z]`` in 0…1, float32.
    """
    boundary = at_boundary(label)
    if not boundary.any():
        return np.ones(label.shape, np.float32)
    distance = ndimage.distance_transform_edt(~boundary, sampling=spacing)
    along = np.array(spacing)[np.array(label.shape) > 1]
    width = _BOUNDARY_WIDTH * np.prod(along) ** (1 / len(along))
    weights: np.ndarray = -np.expm1(-0.5 * (distance / width) ** 2)
    return weights.astype(np.float32)


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> float | None:
    """The mean of values ``[n]`` by weights ``[n]``; None where all weights are 0."""
    total = weights.sum(dtype=np.float64)
    if total == 0:
        return None
    return float(np.dot(values.astype(np.float64), weights) / total)


def boundary_band(truth: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Voxels within two voxels of one of another class, diagonals included.

    The border of the volume and axes of length one have no boundary, as in
    `tfuq.data.boundary.at_boundary`.

    Args:
        truth: a label map ``[X, Y, Z]``.
        known: where it is known, bool; None for everywhere. Other voxels are no class, and in no
            band.

    Returns:
        ``[X, Y, Z]``, bool.
    """
    is_near = np.zeros(truth.shape, bool, order="F")
    planes = truth.shape[-1]
    for start in range(0, planes, _PLANES):
        stop = min(start + _PLANES, planes)
        first = max(start - _REACH, 0)
        around = (..., slice(first, stop + _REACH))
        known_around = None if known is None else known[around]
        near = _near_another(truth[around].astype(np.uint8), known_around)
        is_near[..., start:stop] = near[..., start - first : stop - first]
    if known is not None:
        is_near &= known
    return is_near


def _near_another(truth: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Where there are two classes within reach along every axis."""
    highest = truth
    lowest = truth
    if known is not None:
        highest = np.where(known, truth + 1, 0).astype(np.uint8)  # 0 is below all classes
        lowest = np.where(known, truth + 1, 255).astype(np.uint8)
    for axis in range(truth.ndim):
        highest = _extreme(np.maximum, highest, axis)
        lowest = _extreme(np.minimum, lowest, axis)
    is_near: np.ndarray = highest != lowest
    return is_near


def _extreme(choose: np.ufunc, values: np.ndarray, axis: int) -> np.ndarray:
    """The extreme of the values within reach along an axis."""
    extreme = values.copy(order="K")
    source = np.moveaxis(values, axis, 0)
    target = np.moveaxis(extreme, axis, 0)  # a view
    for step in range(1, _REACH + 1):
        choose(target[step:], source[:-step], out=target[step:])
        choose(target[:-step], source[step:], out=target[:-step])
    return extreme
