"""`Volume`: an array that knows where it lies in space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tfuq.data.headers import SpatialHeader
from tfuq.data.orientation import Turn
from tfuq.errors import DataError

_LARGEST = 1e9  # mm, of an affine's elements
_VOXEL_RANGE = (1e-6, 1e6)  # mm
Fill = float | Sequence[float] | np.ndarray  # a scalar or one per channel


@dataclass(frozen=True)
class Volume:
    """An image, or a label or scalar map, with its geometry; never changed in place.

    Attributes:
        array: An image ``[X, Y, Z, C]``, or a label or scalar map ``[X, Y, Z]``.
        affine: Maps voxel indices to millimetres; of a plain image whose pixels have no known
            width, to pixels.
        header: The spatial header of the file that it came from, so that what is written beside it
            opens in the same place; None of a grid that no file has.
        ndim: The number of axes that the file had.
    """

    array: np.ndarray
    affine: np.ndarray
    header: SpatialHeader | None = None
    ndim: int = 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each spatial axis."""
        return self.array.shape[:3]

    @property
    def spacing(self) -> np.ndarray:
        """Voxel size along each axis, in the unit of the affine."""
        sizes: np.ndarray = np.linalg.norm(self.affine[:3, :3], axis=0)
        return sizes

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel, in the unit of the affine.

        Of a plain image, whose slice is 1 thick, it is the area of a pixel.
        """
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def with_array(self, array: np.ndarray) -> Volume:
        """The same place with other values."""
        return replace(self, array=array)

    @property
    def grid(self) -> Volume:
        """The same place with zeros that take no memory, for what needs no values."""
        return self.with_array(np.broadcast_to(np.uint8(0), self.shape))

    def same_grid(self, other: Volume) -> bool:
        """Whether both have the same shape and affine, within the precision of a header."""
        if self.shape != other.shape:
            return False
        tolerance = min(1e-3, 1e-2 * float(self.spacing.min()))
        return np.allclose(self.affine, other.affine, atol=tolerance)


def turned(volume: Volume, turn: Turn) -> Volume:
    """The volume with its axes in another order or direction, in the same place."""
    if turn.is_none:
        return volume
    affine = turn.affine(volume.affine, volume.shape)
    return replace(volume, array=turn.array(volume.array), affine=affine, header=None)


def with_axes_of(volume: Volume, other: Volume) -> Volume:
    """The volume, its axes turned to be nearest to those of another."""
    return turned(volume, Turn.onto(volume.affine, other.affine))


def require_finite(path: Path, array: np.ndarray) -> None:
    """Refuse voxels that are NaN or infinite.

    Args:
        path: The file, for messages.
        array: Its voxels.

    Raises:
        DataError: There are any.
    """
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise DataError(
            f"{path}: {count} voxels are NaN or infinite; "
            "every voxel must be finite: repair or exclude the case"
        )


def shift_origin(volume: Volume, array: np.ndarray, start: np.ndarray) -> Volume:
    """Place an array so that its voxel 0 is voxel ``start`` of a volume."""
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.asarray(start, float)
    return replace(volume, array=array, affine=affine, header=None)


def take(volume: Volume, start: np.ndarray, shape: tuple[int, ...], fill: Fill = 0) -> Volume:
    """Take a box of voxels; the array of a box that is the whole volume is the volume's own.

    Args:
        volume: The image or label.
        start: The voxel at which the box begins, ``[3]``; it may lie outside.
        shape: Of the box.
        fill: What lies outside the volume.
    """
    if not np.any(start) and tuple(shape) == volume.shape:
        return shift_origin(volume, volume.array, start)
    array = np.empty((*shape, *volume.array.shape[3:]), volume.array.dtype)
    array[...] = fill
    start = np.asarray(start, int)
    low = np.maximum(start, 0)
    high = np.minimum(start + shape, np.asarray(volume.shape))
    if (low < high).all():
        target = tuple(map(slice, low - start, high - start))
        source = tuple(map(slice, low, high))
        array[target] = volume.array[source]
    return shift_origin(volume, array, start)


def require_affine(affine: np.ndarray) -> None:
    """Refuse a matrix that maps no voxels to places.

    Args:
        affine: The matrix.

    Raises:
        ValueError: Not ``[4, 4]``, singular, not finite, or of voxels that are not between 1e-6 and
            1e6 mm.
    """
    sizes = np.linalg.norm(affine[:3, :3].astype(np.float64), axis=0)
    if affine.shape != (4, 4) or not np.allclose(affine[3], [0, 0, 0, 1]):
        raise ValueError("its affine is singular, or no affine")  # SPM's .mat may hold any matrix
    if not _is_of_voxels(affine, sizes):
        raise ValueError("its affine is singular, or its voxels are not between 1e-6 and 1e6 mm")
    if abs(np.linalg.det(affine[:3, :3] / sizes)) < 1e-6:
        raise ValueError("its affine is singular, as two of its axes are one")


def _is_of_voxels(affine: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether an affine is finite, and its voxels have possible sizes ``[3]``."""
    if not np.isfinite(affine).all() or np.abs(affine).max() > _LARGEST:
        return False
    low, high = _VOXEL_RANGE
    return bool(((sizes > low) & (sizes < high)).all())
