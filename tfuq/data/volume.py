"""`Volume`: an array that knows where it lies in space, and the way from one grid to another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.budget import require_memory
from tfuq.data.headers import SpatialHeader
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.orientation import Turn
from tfuq.errors import DataError

if TYPE_CHECKING:
    from scipy import ndimage
else:
    ndimage = ModuleOnUse("scipy.ndimage")

# A voxel, while it is interpolated: three coordinates, their bounds, the result.
_RESAMPLING_BYTES = 60
_ALIGNED = 1e-4  # voxels; headers store affines in single precision
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
    """Take a box of voxels.

    Args:
        volume: The image or label.
        start: The voxel at which the box begins, ``[3]``; it may lie outside.
        shape: Of the box.
        fill: What lies outside the volume.
    """
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


def onto_grid(
    volume: Volume, reference: Volume, *, fill: Fill = 0, nearest: bool = False
) -> Volume:
    """Resample a volume to the voxels of another.

    Grids that differ by whole voxels, or by the order and direction of their axes, (a crop, a pad,
    a turn) are copied exactly.

    Args:
        volume: The image or label.
        reference: Whose grid is taken.
        fill: What lies outside the volume.
        nearest: Take the nearest voxel, as for labels; else interpolate linearly.
    """
    turn = Turn.onto(reference.affine, volume.affine)
    grid = turned(reference, turn)
    if _is_shifted_by_voxels(volume, grid):
        _, offset = _mapping(volume, grid)
        array = take(volume, np.rint(offset), grid.shape, fill).array
    else:
        array = _interpolate(volume, grid, fill=fill, nearest=nearest)
    return replace(reference, array=turn.back.array(array))


def differ_by_whole_voxels(volume: Volume, reference: Volume) -> bool:
    """Whether the grids have the same voxels where they overlap, so that `onto_grid` copies."""
    return _is_shifted_by_voxels(volume, with_axes_of(reference, volume))


def _is_shifted_by_voxels(volume: Volume, reference: Volume) -> bool:
    matrix, offset = _mapping(volume, reference)
    stretching = np.abs(matrix - np.eye(3)).max()
    fraction = np.abs(offset - np.rint(offset)).max()
    largest = max(reference.shape)
    return bool(stretching * largest < _ALIGNED and fraction < _ALIGNED)


def reaches_beyond(grid: Volume, field: Volume) -> bool:
    """Whether a grid has voxels whose centre lies outside of the voxels of ``field``."""
    matrix, offset = _mapping(field, grid)
    ends = [(0, size - 1) for size in grid.shape]
    corners = np.array(list(itertools.product(*ends)))
    positions = corners @ matrix.T + offset
    return bool(_is_outside(positions, field).any())


def _mapping(volume: Volume, reference: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Matrix ``[3, 3]`` and offset ``[3]`` from voxels of ``reference`` to those of ``volume``."""
    mapping = np.linalg.solve(volume.affine, reference.affine)
    return mapping[:3, :3], mapping[:3, 3]


def _is_outside(positions: np.ndarray, volume: Volume) -> np.ndarray:
    """Which positions ``[…, 3]`` lie outside the voxels of a volume.

    Half a voxel beyond the outermost centres still belongs to it.
    """
    last = np.array(volume.shape) - 0.5
    is_below = positions < -0.5 - _ALIGNED
    is_above = positions > last + _ALIGNED
    return np.asarray((is_below | is_above).any(-1))


def _interpolate(volume: Volume, reference: Volume, *, fill: Fill, nearest: bool) -> np.ndarray:
    """A volume's values at the voxels of another; the edge value holds for half a voxel beyond."""
    matrix, offset = _mapping(volume, reference)
    order = 0 if nearest else 1
    shape = reference.shape
    axes = np.meshgrid(*map(np.arange, shape), indexing="ij")
    positions = np.stack(axes, -1) @ matrix.T + offset
    is_outside = _is_outside(positions, volume)
    is_map = volume.array.ndim == 3
    channels = volume.array[..., None] if is_map else volume.array
    fills = np.broadcast_to(fill, channels.shape[-1:])
    resampled = []
    for index, value in enumerate(fills):
        inside = ndimage.affine_transform(
            channels[..., index], matrix, offset, shape, order=order, mode="nearest"
        )
        resampled.append(np.where(is_outside, value, inside))
    array = np.stack(resampled, -1).astype(volume.array.dtype)
    return array[..., 0] if is_map else array


def _smoothed(volume: Volume, factor: np.ndarray) -> Volume:
    """Blurred along the axes that lose voxels, by half of what a voxel grows."""
    sigma = np.zeros(volume.array.ndim)
    sigma[:3] = np.maximum(factor - 1, 0) / 2
    return volume.with_array(ndimage.gaussian_filter(volume.array, sigma, mode="nearest"))


def resample(
    volume: Volume, shape: tuple[int, int, int], *, nearest: bool = False, smooth: bool = False
) -> Volume:
    """Resample a volume over the same field of view.

    Args:
        volume: The image or label.
        shape: Voxels along each axis.
        nearest: Take the nearest voxel, as for labels; else interpolate linearly.
        smooth: Blur against aliasing along axes of fewer voxels.

    Raises:
        MemoryShortageError: The result does not fit into memory.
    """
    require_memory(shape, _RESAMPLING_BYTES)
    factor = np.array(volume.shape) / np.array(shape)
    if smooth:
        volume = _smoothed(volume, factor)
    sides = volume.affine[:3, :3]
    affine = volume.affine.copy()
    affine[:3, :3] = sides * factor
    affine[:3, 3] += sides @ ((factor - 1) / 2)
    grid = replace(volume, array=np.empty(shape, np.uint8), affine=affine, header=None)
    return onto_grid(volume, grid, nearest=nearest)


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
