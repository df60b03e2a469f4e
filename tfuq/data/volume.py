"""`Volume`: an array that knows where it lies in space, and the way from one grid to another."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from tfuq.data.budget import require_memory
from tfuq.errors import DataError

_RESAMPLING_BYTES = 60  # a voxel, while it is interpolated: three coordinates, their bounds, the result
_ALIGNED = 1e-4  # voxels; headers store affines in single precision


@dataclass(frozen=True)
class Volume:
    """An image ``[X, Y, Z, C]``, or a label or scalar map ``[X, Y, Z]``, with its geometry; never changed in place.

    ``affine`` maps voxel indices to millimetres; of a plain image whose pixels have no known width, to pixels. ``codes`` are the
    NIfTI qform and sform codes of the file it came from and ``ndim`` the number of axes the file had, so that what is written
    beside it opens in the same place.
    """

    array: np.ndarray
    affine: np.ndarray
    codes: tuple[int, int] = (0, 2)
    ndim: int = 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each spatial axis."""
        return self.array.shape[:3]

    @property
    def spacing(self) -> np.ndarray:
        """Voxel size along each axis, in the unit of the affine."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel, in the unit of the affine; of a plain image, whose slice is 1 thick, the area of a pixel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def with_array(self, array: np.ndarray) -> Volume:
        """The same place with other values."""
        return replace(self, array=array)

    def same_grid(self, other: Volume) -> bool:
        """Whether both have the same shape and, within the precision of a header, the same affine."""
        return self.shape == other.shape and np.allclose(self.affine, other.affine, atol=1e-3)


def require_finite(path: Path, array: np.ndarray) -> None:
    """Refuse voxels that are NaN or infinite.

    Raises:
        DataError: there are any.
    """
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise DataError(f"{path}: {count} voxels are NaN or infinite; every voxel must be finite: repair or exclude the case")


def shift_origin(volume: Volume, array: np.ndarray, start: np.ndarray) -> Volume:
    """``array`` placed so that its voxel 0 is voxel ``start`` of ``volume``."""
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.asarray(start, float)
    return replace(volume, array=array, affine=affine)


def take(volume: Volume, start: np.ndarray, shape: tuple[int, ...], fill=0) -> Volume:
    """The box of ``shape`` voxels from ``start``; what lies outside the volume is ``fill`` (a scalar or one per channel)."""
    array = np.empty((*shape, *volume.array.shape[3:]), volume.array.dtype)
    array[...] = fill
    start, size = np.asarray(start, int), np.asarray(volume.shape)
    low, high = np.maximum(start, 0), np.minimum(start + shape, size)
    if (low < high).all():
        inside = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
        array[inside] = volume.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return shift_origin(volume, array, start)


def onto_grid(volume: Volume, reference: Volume, *, fill=0, nearest: bool = False) -> Volume:
    """``volume`` resampled to the voxels of ``reference``: linear, or nearest for labels; ``fill`` outside it.

    Grids that differ by whole voxels alone (a crop, a pad) are copied exactly.
    """
    matrix, offset = _mapping(volume, reference)
    if differ_by_whole_voxels(volume, reference):
        array = take(volume, np.rint(offset), reference.shape, fill).array
    else:
        array = _interpolate(volume, reference.shape, matrix, offset, fill, nearest)
    return replace(reference, array=array)


def differ_by_whole_voxels(volume: Volume, reference: Volume) -> bool:
    """Whether the grids have the same voxels where they overlap, so that `onto_grid` copies."""
    matrix, offset = _mapping(volume, reference)
    is_unscaled = np.abs(matrix - np.eye(3)).max() * max(reference.shape) < _ALIGNED
    return bool(is_unscaled and np.abs(offset - np.rint(offset)).max() < _ALIGNED)


def reaches_beyond(grid: Volume, field: Volume) -> bool:
    """Whether a grid has voxels whose centre lies outside of the voxels of ``field``."""
    matrix, offset = _mapping(field, grid)
    ends = [(0, size - 1) for size in grid.shape]
    corners = np.array(list(itertools.product(*ends))) @ matrix.T + offset
    return bool((corners < -0.5 - _ALIGNED).any() or (corners > np.array(field.shape) - 0.5 + _ALIGNED).any())


def _mapping(volume: Volume, reference: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Matrix ``[3, 3]`` and offset ``[3]`` from voxel indices of ``reference`` to those of ``volume``."""
    mapping = np.linalg.solve(volume.affine, reference.affine)
    return mapping[:3, :3], mapping[:3, 3]


def _interpolate(volume, shape, matrix, offset, fill, nearest):
    channels = volume.array[..., None] if volume.array.ndim == 3 else volume.array
    fills = np.broadcast_to(fill, channels.shape[-1:])
    # Half a voxel beyond the outermost centres still belongs to the volume, so the edge value holds there.
    corners = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1) @ matrix.T + offset
    outside = ((corners < -0.5 - _ALIGNED) | (corners > np.array(volume.shape) - 0.5 + _ALIGNED)).any(-1)
    order = 0 if nearest else 1
    resampled = [
        np.where(outside, f, ndimage.affine_transform(channels[..., c], matrix, offset, shape, order=order, mode="nearest"))
        for c, f in enumerate(fills)
    ]
    array = np.stack(resampled, -1).astype(volume.array.dtype)
    return array[..., 0] if volume.array.ndim == 3 else array


def _smoothed(volume: Volume, factor: np.ndarray) -> Volume:
    """Blurred along the axes that lose voxels, by half of what a voxel grows."""
    sigma = np.zeros(volume.array.ndim)
    sigma[:3] = np.maximum(factor - 1, 0) / 2
    return volume.with_array(ndimage.gaussian_filter(volume.array, sigma, mode="nearest"))


def resample(volume: Volume, shape: tuple[int, int, int], *, nearest: bool = False, smooth: bool = False) -> Volume:
    """``volume`` on a grid of ``shape`` voxels over the same field of view; ``smooth`` against aliasing where they are fewer."""
    require_memory(shape, _RESAMPLING_BYTES)
    factor = np.array(volume.shape) / np.array(shape)
    volume = _smoothed(volume, factor) if smooth else volume
    affine = volume.affine.copy()
    affine[:3, :3] = volume.affine[:3, :3] * factor
    affine[:3, 3] += volume.affine[:3, :3] @ ((factor - 1) / 2)
    grid = replace(volume, array=np.empty(shape, np.uint8), affine=affine)
    return onto_grid(volume, grid, nearest=nearest)


def require_affine(affine: np.ndarray) -> None:
    """Refuse a matrix that maps no voxels to places.

    Raises:
        ValueError: not ``[4, 4]``, singular, not finite, or of voxels that are not between 1e-6 and 1e6 mm.
    """
    sizes = np.linalg.norm(affine[:3, :3].astype(np.float64), axis=0)
    if affine.shape != (4, 4) or not np.allclose(affine[3], [0, 0, 0, 1]):
        raise ValueError("its affine is singular, or no affine")  # SPM's .mat may hold any matrix
    if not np.isfinite(affine).all() or np.abs(affine).max() > 1e9 or not ((sizes > 1e-6) & (sizes < 1e6)).all():
        raise ValueError("its affine is singular, or its voxels are not between 1e-6 and 1e6 mm")
    if abs(np.linalg.det(affine[:3, :3] / sizes)) < 1e-6:
        raise ValueError("its affine is singular, as two of its axes are one")
