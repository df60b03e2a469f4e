"""Where a structure is least certain: a voxel, where it is in the scanner, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import nibabel
import numpy as np
from scipy import ndimage

from tfuq.data.volume import Volume

_AROUND = 3  # voxels, of the cube that a map is averaged over
_ENDS = (("left", "right"), ("back", "front"), ("lower", "upper"))  # of the axes of RAS
# Of rows and columns; the third axis has one slice.
_ENDS_OF_PICTURES = (("upper", "lower"), ("left", "right"), ("front", "back"))
_CENTRAL = 0.35  # of the way from the middle to the end; nearer is the middle


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in a volume.

    Attributes:
        voxel: its index, from 0.
        mm: in scanner coordinates, RAS.
        words: where in the structure, or in the image, it is.
    """

    voxel: tuple[int, int, int]
    mm: tuple[float, float, float]
    words: str


def uncertain_place(
    uncertainty: Volume,
    mask: np.ndarray,
    *,
    is_picture: bool = False,
) -> Place:
    """Where the mean of a map over a small cube is largest, in a structure or at its boundary.

    Args:
        uncertainty: the map ``[X, Y, Z]``.
        mask: the structure, bool ``[X, Y, Z]``; of one that is empty, the image is searched.
        is_picture: whether it is of a plain image, whose rows run down and columns to the right.
    """
    box = _box(mask)
    inside = np.ones_like(mask[box])
    if mask.any():
        inside = ndimage.binary_dilation(mask[box])
    values = uncertainty.array[box].astype(np.float32)
    smooth = ndimage.uniform_filter(values, _AROUND, mode="nearest")
    local = np.unravel_index(np.argmax(np.where(inside, smooth, -np.inf)), smooth.shape)
    voxel = [int(index) + side.start for index, side in zip(local, box, strict=True)]
    mm = _millimetres(uncertainty.affine, voxel)
    words = _words(mm, _corners(uncertainty.affine, box), _ENDS)
    if is_picture:
        words = _words(np.array(voxel), _corners(np.eye(4), box), _ENDS_OF_PICTURES)
    return Place(
        voxel=(voxel[0], voxel[1], voxel[2]),
        mm=(float(mm[0]), float(mm[1]), float(mm[2])),
        words=words,
    )


def _box(mask: np.ndarray) -> tuple[slice, ...]:
    """The box that holds a structure and a voxel around it; all of the image without one."""
    if not mask.any():
        return tuple(slice(0, size) for size in mask.shape)
    sides = []
    for axis, size in enumerate(mask.shape):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        sides.append(slice(max(int(places[0]) - 1, 0), min(int(places[-1]) + 2, size)))
    return tuple(sides)


def _millimetres(affine: np.ndarray, voxel: list[int]) -> np.ndarray:
    placed: np.ndarray = nibabel.affines.apply_affine(affine, voxel)
    return placed


def _corners(affine: np.ndarray, box: tuple[slice, ...]) -> np.ndarray:
    """The ends of a box in mm, ``[2, 3]``: the least and the largest coordinates."""
    ends = [(side.start, side.stop - 1) for side in box]
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 3)
    placed = nibabel.affines.apply_affine(affine, corners)
    return np.stack([placed.min(0), placed.max(0)])


def _words(position: np.ndarray, ends: np.ndarray, names: Sequence[tuple[str, str]]) -> str:
    """The end of the box that a place is nearest to, by the axis on which it is farthest out."""
    half = np.maximum((ends[1] - ends[0]) / 2, 1e-9)
    outward = (position - ends.mean(0)) / half
    axis = int(np.argmax(np.abs(outward)))
    if abs(outward[axis]) < _CENTRAL:
        return "middle"
    return f"{names[axis][int(outward[axis] > 0)]} end"
