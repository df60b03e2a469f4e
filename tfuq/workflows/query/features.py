"""What an image looks like as numbers, by which cases of a pool are told apart.

No network is asked: the numbers are the logarithms of voxel sizes and of the field of view,
quantiles of intensities, and the image as a tiny picture of standardized intensities.
"""

from __future__ import annotations

import nibabel
import numpy as np

from tfuq.config import Config
from tfuq.data.appearance import appearance_of
from tfuq.data.volume import Volume

SIDE = 4  # boxes along each axis of the tiny picture


def image_features(config: Config, image: Volume) -> list[np.ndarray]:
    """The groups of features of an image.

    Args:
        config: of the run.
        image: as given, ``[X, Y, Z, C]``.

    Returns:
        Sizes ``[6]``, intensities ``[C · 3]`` and the tiny picture ``[C · 64]``, its axes those of
        RAS.
    """
    appearance = appearance_of(config, image)
    sizes = np.log(np.array([*appearance.spacing, *appearance.extent]))
    return [sizes, np.array(appearance.intensities), _tiny(image).ravel()]


def _tiny(image: Volume) -> np.ndarray:
    orientation = nibabel.orientations.io_orientation(image.affine)
    array = nibabel.orientations.apply_orientation(image.array, orientation).astype(float)
    for axis in range(3):
        array = _box_means(array, axis)
    mean = array.mean((0, 1, 2))
    spread = np.maximum(array.std((0, 1, 2)), 1e-9)
    standard: np.ndarray = (array - mean) / spread
    return standard


def _box_means(array: np.ndarray, axis: int) -> np.ndarray:
    """The means of boxes along an axis; of fewer voxels than boxes, some are taken twice."""
    size = array.shape[axis]
    edges = np.linspace(0, size, SIDE + 1)
    means = []
    for low, high in zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True):
        box = np.arange(low, max(high, low + 1))
        means.append(array.take(box, axis).mean(axis))
    return np.stack(means, axis)
