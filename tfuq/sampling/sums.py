"""Sums of windows of every sample, in a file: memory knows neither the volume nor T."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfuq.data import disk
from tfuq.sampling.window_plan import Place

_FLOAT_BYTES = 4


class SampleSums:
    """A stack of planes ``[rows, columns, C]`` for each sample, float32, of which some are kept.

    Planes that are no longer needed make room for later ones: plane x has the place of plane
    x + `planes_at_once`.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        planes_at_once: int,
        plane_shape: tuple[int, int, int],
    ) -> None:
        """Begin with a file that is empty.

        Args:
            file: opened to read and write, unbuffered.
            planes_at_once: how many planes of a sample are kept.
            plane_shape: rows, columns and channels of a plane.
        """
        self._file = file
        self._planes_at_once = planes_at_once
        self._rows, self._columns, self._channels = plane_shape

    def clear(self, sample: int, planes: range) -> None:
        """Set planes of a sample to zero."""
        zeros = np.zeros((self._rows, self._columns, self._channels), np.float32)
        for plane in planes:
            self._write(sample, plane, 0, zeros)

    def add(
        self,
        sample: int,
        size: tuple[int, int, int],
        windows: Iterable[tuple[Place, np.ndarray]],
    ) -> None:
        """Add windows to a sample, in the order given.

        Windows that follow each other along a row are added in memory before they are written.

        Args:
            sample: index of the sample.
            size: planes, rows and columns of a window.
            windows: where each begins, and its values ``[*size, C]``.
        """
        depth, height, width = size
        beginning: tuple[int, int] | None = None
        box = np.empty(0, np.float32)
        for (plane, row, column), values in windows:
            if beginning != (plane, row):
                self._write_box(sample, beginning, box)
                beginning = (plane, row)
                box = self.box(sample, plane, row, depth, height)
            box[:, :, column : column + width] += values
        self._write_box(sample, beginning, box)

    def box(self, sample: int, plane: int, row: int, depth: int, height: int) -> np.ndarray:
        """Whole rows of some planes.

        Args:
            sample: index of the sample.
            plane: the first one.
            row: the first one.
            depth: how many planes.
            height: how many rows of each.

        Returns:
            ``[depth, height, columns, C]``.
        """
        box = np.empty((depth, height, self._columns, self._channels), np.float32)
        for offset in range(depth):
            self._read(sample, plane + offset, row, box[offset])
        return box

    def _write_box(self, sample: int, beginning: tuple[int, int] | None, box: np.ndarray) -> None:
        if beginning is None:
            return
        plane, row = beginning
        for offset, rows in enumerate(box):
            self._write(sample, plane + offset, row, rows)

    def voxels(
        self, sample: int, first: int, stop: int, plane_shape: tuple[int, int]
    ) -> np.ndarray:
        """Sums of voxels that follow each other.

        Args:
            sample: index of the sample.
            first: number of the first voxel.
            stop: number of the voxel after the last one.
            plane_shape: rows and columns that count; the planes may have more.

        Returns:
            ``[stop − first, C]``.
        """
        rows, columns = plane_shape
        first_row = first // columns
        last_row = -(-stop // columns)
        parts = []
        for plane in range(first_row // rows, -(-last_row // rows)):
            row = max(first_row - plane * rows, 0)
            height = min(last_row - plane * rows, rows) - row
            box = self.box(sample, plane, row, 1, height)
            parts.append(box[0, :, :columns].reshape(-1, self._channels))
        begin = first - first_row * columns
        return np.concatenate(parts)[begin : begin + stop - first]

    def _read(self, sample: int, plane: int, row: int, rows: np.ndarray) -> None:
        self._file.seek(self._offset(sample, plane, row))
        _read_into(self._file, rows)

    def _write(self, sample: int, plane: int, row: int, rows: np.ndarray) -> None:
        self._file.seek(self._offset(sample, plane, row))
        disk.write(self._file, rows.data.cast("B"))

    def _offset(self, sample: int, plane: int, row: int) -> int:
        """Bytes before a row."""
        stored_plane = sample * self._planes_at_once + plane % self._planes_at_once
        stored_row = stored_plane * self._rows + row
        return stored_row * self._columns * self._channels * _FLOAT_BYTES


def _read_into(file: BinaryIO, array: np.ndarray) -> None:
    """Fill a contiguous array with what comes next in an unbuffered file."""
    left = array.data.cast("B")
    while left:
        count = file.readinto(left)  # type: ignore[attr-defined]
        if not count:
            raise EOFError(f"{file.name}: is shorter than what was written to it")
        left = left[count:]


@contextmanager
def sums_in(
    path: Path,
    planes_at_once: int,
    plane_shape: tuple[int, int, int],
) -> Iterator[SampleSums]:
    """Sums in a new file.

    Args:
        path: of the file.
        planes_at_once: as in `SampleSums`.
        plane_shape: as in `SampleSums`.
    """
    with disk.open_updated(path) as file:
        yield SampleSums(file, planes_at_once=planes_at_once, plane_shape=plane_shape)
