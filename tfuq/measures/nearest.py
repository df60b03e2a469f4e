"""Which component is nearest to a voxel, plane by plane (NumPy).

A feature transform of the whole volume takes twelve bytes a voxel, and more on the way. Here scipy
transforms one plane after another, and a voxel looks at planes further and further away, until
none can have anything that is nearer. So four bytes a voxel are taken of those planes alone that
voxels look at, and nothing is computed where no component is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage


def nearest_components(numbers: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find the component that is nearest to each of some voxels.

    Where several voxels of components are equally near, the first one in Fortran's order counts: of
    the lowest index along the last axis, then along the middle one, then along the first.

    Args:
        numbers: Of each voxel's component ``[X, Y, Z]``, from 1; 0 elsewhere. There is one
            component or more, and no axis is longer than 32767.
        wanted: The voxels, bool ``[X, Y, Z]``.

    Returns:
        As ``numbers``, with the number of the nearest component at each of the wanted voxels.
    """
    nearest = numbers.copy()
    planes = _Planes(numbers)
    for x, row in enumerate(nearest):
        places = np.flatnonzero(wanted[x] & (row == 0))
        if places.size:
            row.reshape(-1)[places] = _numbers_of_nearest(planes, x, places)
    return nearest


@dataclass(frozen=True)
class _InPlane:
    """The voxel of a component that is nearest to each voxel of a plane, in that plane.

    Attributes:
        rows: Its index along the volume's middle axis, int16 ``[Y Z]``.
        columns: Its index along the last axis, int16 ``[Y Z]``.
    """

    rows: np.ndarray
    columns: np.ndarray


class _Planes:
    """The planes of a volume along its first axis; those that are looked at are held."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers
        self._held: dict[int, _InPlane | None] = {}

    def at_distance(self, x: int, distance: int) -> Iterator[tuple[int, _InPlane]]:
        """The planes so far from plane x that have a component, and their indices."""
        for other in sorted({x - distance, x + distance}):
            if not 0 <= other < len(self.numbers):
                continue
            plane = self._plane(other)
            if plane:
                yield other, plane

    def forget_before(self, x: int) -> None:
        """Hold no plane before plane x any more."""
        self._held = {index: plane for index, plane in self._held.items() if index >= x}

    def _plane(self, x: int) -> _InPlane | None:
        if x not in self._held:
            self._held[x] = _in_plane(self.numbers[x])
        return self._held[x]


def _in_plane(numbers: np.ndarray) -> _InPlane | None:
    """Scipy's feature transform of a plane; None of one that has no component."""
    is_outside = numbers == 0
    if is_outside.all():
        return None
    indices = ndimage.distance_transform_edt(
        is_outside, return_distances=False, return_indices=True
    )
    rows, columns = indices.astype(np.int16).reshape(2, -1)
    return _InPlane(rows, columns)


def _numbers_of_nearest(planes: _Planes, x: int, places: np.ndarray) -> np.ndarray:
    """The numbers of the components that are nearest to voxels of a plane.

    Args:
        planes: Of the volume.
        x: Index of the plane.
        places: Numbers of the voxels in the plane.
    """
    search = _Search(planes.numbers.shape, places)
    distance = 0
    while search.reaches(distance) and distance < len(planes.numbers):
        for other, plane in planes.at_distance(x, distance):
            search.look_at(other, plane, distance)
        distance += 1
    planes.forget_before(x - distance)
    numbers: np.ndarray = planes.numbers[search.nearest()]
    return numbers


class _Search:
    """Looks for the voxels of components that are nearest to voxels of one plane."""

    def __init__(self, shape: tuple[int, ...], places: np.ndarray) -> None:
        """Begin before the first plane.

        Args:
            shape: Of the volume.
            places: Numbers of the voxels in their plane.
        """
        self._shape = shape
        self._places = places
        self._rows, self._columns = np.divmod(places, shape[2])
        beyond = sum(size**2 for size in shape)
        self._squares = np.full(len(places), beyond, np.int64)  # of the least distance so far
        self._orders = np.zeros(len(places), np.int64)  # of the nearest voxel, in Fortran's order
        self._open = np.arange(len(places))  # voxels for which planes may still have a nearer one

    def reaches(self, distance: int) -> bool:
        """Whether planes at this distance may have what is nearer, or as near and first."""
        self._open = self._open[self._squares[self._open] >= distance**2]
        return self._open.size > 0

    def look_at(self, x: int, plane: _InPlane, distance: int) -> None:
        """Compare what is nearest in a plane with what was found before.

        Args:
            x: Index of the plane.
            plane: What is nearest in it.
            distance: From the voxels' plane.
        """
        places = self._places[self._open]
        rows = plane.rows[places].astype(np.int64)
        columns = plane.columns[places].astype(np.int64)
        squares = distance**2 + (rows - self._rows[self._open]) ** 2
        squares += (columns - self._columns[self._open]) ** 2
        orders = (columns * self._shape[1] + rows) * self._shape[0] + x
        least = self._squares[self._open]
        is_first = orders < self._orders[self._open]
        is_better = (squares < least) | ((squares == least) & is_first)
        better = self._open[is_better]
        self._squares[better] = squares[is_better]
        self._orders[better] = orders[is_better]

    def nearest(self) -> tuple[np.ndarray, ...]:
        """The indices of the nearest voxels along each axis."""
        return np.unravel_index(self._orders, self._shape, order="F")
