"""Spacing, patch and levels of a network from the sizes of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ANISOTROPIC = 3.0  # times thicker than the other axes, and as many times fewer voxels
_THIN_SLICES = 0.1  # quantile of the thickest axis' spacing, where it is anisotropic
_UNEQUAL = 1.05  # the largest spacing over the smallest that is taken as one
_LEAST_MAP = 4  # elements along an axis of the coarsest map
_MOST_LEVELS = 6
_ALIKE = 2.0  # spacings whose ratio is below this are pooled together
_FEW_SLICES = 16


@dataclass(frozen=True, kw_only=True)
class Levels:
    """How a network goes from fine to coarse.

    Attributes:
        strides: From each level to the next along each axis, 1 or 2.
        kernels: Of the convolutions of each level along each axis, 1 or 3.
    """

    strides: list[list[int]]
    kernels: list[list[int]]

    @property
    def count(self) -> int:
        """The number of levels."""
        return len(self.kernels)

    @property
    def steps(self) -> np.ndarray:
        """What the patch is a multiple of, along each axis."""
        product: np.ndarray = np.prod(self.strides, axis=0)
        return product


def target_spacing(spacings: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """The spacing to which scans are brought.

    It is the median. Where the slices are thick, that of thin ones along their axis, so that few
    scans lose slices.

    Args:
        spacings: ``[n, 3]``.
        shapes: ``[n, 3]``.

    References:
        Isensee et al. 2021, nnU-Net: a self-configuring method for deep learning-based biomedical
        image segmentation.
    """
    spacing: np.ndarray = np.median(spacings, axis=0)
    size = np.median(shapes, axis=0)
    axis = int(spacing.argmax())
    others = np.delete(spacing, axis)
    is_thick = spacing[axis] > _ANISOTROPIC * others.max()
    has_few = size[axis] * _ANISOTROPIC < np.delete(size, axis).min()
    if is_thick and has_few:
        spacing[axis] = max(np.quantile(spacings[:, axis], _THIN_SLICES), others.max())
    return spacing


def differ(spacings: np.ndarray) -> bool:
    """Whether scans have to be brought to one spacing."""
    return bool((spacings.max(0) > _UNEQUAL * spacings.min(0)).any())


def has_few_slices(size: np.ndarray) -> bool:
    """Whether a volume is worked on slice by slice: few slices, which are large."""
    sides = np.sort(size)
    return bool(sides[0] < _FEW_SLICES and 2 * sides[0] < sides[1])


def levels_of(patch: np.ndarray, spacing: np.ndarray) -> Levels:
    """The levels of a network.

    An axis is halved as long as enough elements are left, and not while its elements are twice as
    wide as the others': so a coarsest map has elements that are about as wide along every axis.

    Args:
        patch: Voxels along each axis.
        spacing: Of the patch.
    """
    size = np.asarray(patch, float)
    width = np.asarray(spacing, float)
    strides: list[list[int]] = []
    kernels = [_kernel(width)]
    while len(kernels) < _MOST_LEVELS:
        is_large = size >= 2 * _LEAST_MAP
        if not is_large.any():
            break
        is_halved = is_large & (width < _ALIKE * width[is_large].min())
        factors = np.where(is_halved, 2, 1)
        size = size / factors
        width = width * factors
        strides.append([int(factor) for factor in factors])
        kernels.append(_kernel(width, kernels[-1]))
    return Levels(strides=strides, kernels=kernels)


def _kernel(width: np.ndarray, finer: Sequence[int] = ()) -> list[int]:
    """3 along axes of fine elements, and along those where a finer level has it; else 1."""
    is_fine = width < _ALIKE * width.min()
    if finer:
        is_fine |= np.array(finer) > 1
    return [3 if fine else 1 for fine in is_fine]


def patch_of(
    size: Sequence[float] | np.ndarray, spacing: Sequence[float] | np.ndarray, most: float
) -> np.ndarray:
    """The patch that a network sees: the whole image where it is small enough.

    Else its longest side in mm is made shorter, again and again, so that a patch becomes a cube.

    Args:
        size: Voxels of the image along each axis.
        spacing: Of the image.
        most: Voxels of a patch.
    """
    width = np.asarray(spacing, float)
    patch: np.ndarray = np.ceil(np.asarray(size, float))
    while np.prod(patch) > most:
        lengths = np.where(patch > 2 * _LEAST_MAP, patch * width, 0)
        if not lengths.any():
            break
        axis = int(lengths.argmax())
        patch[axis] = max(np.floor(patch[axis] * 0.95), 2 * _LEAST_MAP)
    return patch


def whole_steps(patch: np.ndarray, image: np.ndarray, levels: Levels) -> list[int]:
    """The patch in multiples of the network's steps.

    Along an axis that it covers it is not smaller than the image, and else not larger than given.

    Args:
        patch: Voxels along each axis.
        image: Voxels of the image.
        levels: Of the network.
    """
    steps = levels.steps
    covers = patch >= image
    counts = np.where(covers, np.ceil(patch / steps), np.maximum(np.floor(patch / steps), 1))
    return [int(size) for size in counts * steps]
