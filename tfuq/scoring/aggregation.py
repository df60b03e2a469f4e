"""From an uncertainty map to one number, of an image and of each component of a structure.

References:
    Kahl et al. 2024, ValUES: a framework for systematic validation of uncertainty estimation in
    semantic segmentation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from tfuq.scoring.rows import Row

PATCH = 10  # voxels along each axis
_BAND = 5  # voxels across
_NO_CLASS = (-1, 1000)  # below and above every class


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
    means = uncertainty.astype(np.float64)
    for axis, length in enumerate(uncertainty.shape):
        width = min(size, length)
        means = _window_means(means, axis, width)
    return float(means.max())


def _window_means(values: np.ndarray, axis: int, width: int) -> np.ndarray:
    sums = np.cumsum(np.moveaxis(values, axis, 0), 0)
    first = sums[width - 1 : width]
    others = sums[width:] - sums[:-width]
    means = np.concatenate([first, others]) / width
    return np.moveaxis(means, 0, axis)


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
    if known is None:
        highest = ndimage.maximum_filter(truth, _BAND)
        lowest = ndimage.minimum_filter(truth, _BAND)
    else:
        classes = truth.astype(np.int16)
        highest = ndimage.maximum_filter(np.where(known, classes, _NO_CLASS[0]), _BAND)
        lowest = ndimage.minimum_filter(np.where(known, classes, _NO_CLASS[1]), _BAND)
    is_near: np.ndarray = highest != lowest
    if known is not None:
        is_near &= known
    return is_near


def component_rows(
    predicted: np.ndarray,
    truth: np.ndarray,
    maps: Mapping[str, np.ndarray],
) -> list[Row]:
    """A row for each component of a predicted mask, the largest first.

    Voxels of a component are connected by faces.

    Args:
        predicted: the predicted mask ``[X, Y, Z]``, bool.
        truth: the true mask ``[X, Y, Z]``, bool.
        maps: values ``[X, Y, Z]`` by name.

    Returns:
        Rows with the number of the ``component``, its ``voxels``, ``false_positive`` (1 where none
        of its voxels is in the true mask), and the mean of each map over it, by the map's name.
    """
    numbered, count = ndimage.label(predicted)
    numbers = np.arange(1, count + 1)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    hits = ndimage.sum_labels(truth, numbered, numbers)
    means = {name: ndimage.mean(values, numbered, numbers) for name, values in maps.items()}
    rows = []
    by_size = np.argsort(-sizes, kind="stable")
    for rank, index in enumerate(by_size, start=1):
        row: Row = {
            "component": rank,
            "voxels": int(sizes[index]),
            "false_positive": int(hits[index] == 0),
        }
        for name, map_means in means.items():
            row[name] = float(map_means[index])
        rows.append(row)
    return rows
