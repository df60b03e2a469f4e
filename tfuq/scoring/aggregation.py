"""From an uncertainty map to one number: of an image, and of each connected component of a structure (Kahl et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

PATCH = 10  # voxels along each axis
_BAND = 5  # voxels across


def image_level(uncertainty: np.ndarray, highest: float) -> dict[str, float]:
    """Of a map ``[X, Y, Z]`` with values in 0…``highest``: its mean ``image``, the largest mean of a patch ``patch_maximum``, and
    ``uncertain_share``, that of voxels above half of the highest."""
    return {
        "image": float(uncertainty.mean()),
        "patch_maximum": patch_maximum(uncertainty),
        "uncertain_share": float((uncertainty > highest / 2).mean()),
    }


def patch_maximum(uncertainty: np.ndarray, size: int = PATCH) -> float:
    """The largest mean over a window of ``size`` voxels along each axis (of all where there are fewer), at every place."""
    means = uncertainty.astype(np.float64)
    for axis, length in enumerate(uncertainty.shape):
        width = min(size, length)
        sums = np.cumsum(np.moveaxis(means, axis, 0), 0)
        sums = np.concatenate([sums[width - 1 : width], sums[width:] - sums[:-width]]) / width
        means = np.moveaxis(sums, 0, axis)
    return float(means.max())


def boundary_band(truth: np.ndarray) -> np.ndarray:
    """Voxels of a label map ``[X, Y, Z]`` within two voxels of one of another class, diagonals included. The border of the volume
    and axes of length one have no boundary, as in `tfuq.data.boundary.at_boundary`."""
    return ndimage.maximum_filter(truth, _BAND) != ndimage.minimum_filter(truth, _BAND)


def component_rows(predicted: np.ndarray, truth: np.ndarray, maps: Mapping[str, np.ndarray]) -> list[dict]:
    """A row for each connected component (by faces) of a predicted mask, the largest first.

    ``false_positive``: 1 where no voxel of it is in the true mask. The mean of every map over it goes by the map's name.
    """
    numbered, count = ndimage.label(predicted)
    index = np.arange(1, count + 1)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    hits = ndimage.sum_labels(truth, numbered, index)
    means = {name: ndimage.mean(values, numbered, index) for name, values in maps.items()}
    return [
        {
            "component": place,
            "voxels": int(sizes[i]),
            "false_positive": int(hits[i] == 0),
            **{name: float(of[i]) for name, of in means.items()},
        }
        for place, i in enumerate(np.argsort(-sizes, kind="stable"), start=1)
    ]
