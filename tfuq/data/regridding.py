"""The way from one grid of voxels to another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.budget import require_memory
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.orientation import Turn
from tfuq.data.volume import Fill, Volume, take, turned, with_axes_of

if TYPE_CHECKING:
    from scipy import ndimage
else:
    ndimage = ModuleOnUse("scipy.ndimage")

# A voxel, while it is interpolated: its value, its result, whether it is outside.
_RESAMPLING_BYTES = 20
_ALIGNED = 1e-4  # voxels; headers store affines in single precision
_SLAB = 2**20  # voxels that are mapped together


@dataclass(frozen=True)
class Regridding:
    """Brings maps of one grid onto another, one map at a time.

    Grids that differ by whole voxels, or by the order and direction of their axes, (a crop, a pad,
    a turn) are copied exactly. What is the same for all maps is made once.

    Attributes:
        source: A volume on the grid of the maps; its array does not matter.
        reference: Whose grid is taken.
    """

    source: Volume
    reference: Volume

    def bring(self, array: np.ndarray, *, fill: float = 0, nearest: bool = False) -> np.ndarray:
        """Bring a map onto the reference's grid.

        Args:
            array: ``[X, Y, Z]`` on the source's grid.
            fill: What lies outside the source.
            nearest: Take the nearest voxel, as for labels; else interpolate linearly.

        Returns:
            ``[X', Y', Z']`` of the same data type.
        """
        if self.copies_voxels:
            _, offset = self._mapping
            on_source = self.source.with_array(array)
            brought = take(on_source, np.rint(offset), self._grid.shape, fill).array
        else:
            brought = self._interpolated(array, fill, nearest=nearest)
        return self._turn.back.array(brought)

    @cached_property
    def copies_voxels(self) -> bool:
        """Whether the grids have the same voxels where they overlap."""
        return _is_shifted_by_voxels(self.source, self._grid)

    @cached_property
    def _turn(self) -> Turn:
        return Turn.onto(self.reference.affine, self.source.affine)

    @cached_property
    def _grid(self) -> Volume:
        """The reference, its axes turned to be nearest to those of the source."""
        return turned(self.reference, self._turn)

    @cached_property
    def _mapping(self) -> tuple[np.ndarray, np.ndarray]:
        return _mapping(self.source, self._grid)

    def _interpolated(self, array: np.ndarray, fill: float, *, nearest: bool) -> np.ndarray:
        """Values at the voxels of the grid; the edge value holds for half a voxel beyond."""
        matrix, offset = self._mapping
        order = 1
        if nearest:
            order = 0
        values: np.ndarray = ndimage.affine_transform(
            array, matrix, offset, self._grid.shape, order=order, mode="nearest"
        )
        if self._outside is not None:
            values[self._outside] = fill
        return values

    @cached_property
    def _outside(self) -> np.ndarray | None:
        """Which voxels of the grid lie outside of those of the source; None where none does."""
        slabs = list(_outside_by_slabs(self.source, self._grid))
        if not any(slab.any() for slab in slabs):
            return None
        return np.concatenate(slabs)


def onto_grid(
    volume: Volume, reference: Volume, *, fill: Fill = 0, nearest: bool = False
) -> Volume:
    """Resample a volume to the voxels of another, see `Regridding`.

    Args:
        volume: The image or label.
        reference: Whose grid is taken.
        fill: What lies outside the volume.
        nearest: Take the nearest voxel, as for labels; else interpolate linearly.
    """
    regridding = Regridding(volume, reference)
    if volume.array.ndim == 3:
        fills = np.broadcast_to(fill, (1,))
        brought = regridding.bring(volume.array, fill=fills[0], nearest=nearest)
        return replace(reference, array=brought)
    fills = np.broadcast_to(fill, volume.array.shape[-1:])
    channels = []
    for index, value in enumerate(fills):
        channels.append(regridding.bring(volume.array[..., index], fill=value, nearest=nearest))
    return replace(reference, array=np.stack(channels, -1))


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


def _outside_by_slabs(volume: Volume, reference: Volume) -> Iterator[np.ndarray]:
    """Which voxels of a grid lie outside the voxels of a volume, some planes at a time."""
    matrix, offset = _mapping(volume, reference)
    planes, *others = reference.shape
    step = max(_SLAB // int(np.prod(others)), 1)
    for start in range(0, planes, step):
        stop = min(start + step, planes)
        axes = np.meshgrid(np.arange(start, stop), *map(np.arange, others), indexing="ij")
        yield _is_outside(np.stack(axes, -1) @ matrix.T + offset, volume)


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
