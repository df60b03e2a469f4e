"""Where a network's windows lie in a batch of examples, and which of them are taken together.

The voxels of a batch are seen as a stack of planes: those of a volume along its first axis, or the
slices of a batch of slices. Windows come in the order in which they are added up, so their planes
never go back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

ALIGNMENT = 64  # voxels; parts of a volume begin at multiples, so that vectors of it stay the same
Place = tuple[int, int, int]  # a window's first plane, row and column


@dataclass(frozen=True, kw_only=True)
class WindowPlan:
    """The windows of one batch.

    Attributes:
        corners: as in `tfuq.sampling.encoded.EncodedImages`.
        patch: voxels of a window along each spatial axis.
        chunk: windows that the network sees at once.
        shape: of the batch, ``(N, *S)``; N is 1 for volumes.
        mirrored: the same, as long as the windows reach.
        keep: windows whose encoding is held in memory.
    """

    corners: np.ndarray
    patch: tuple[int, ...]
    chunk: int
    shape: tuple[int, ...]
    mirrored: tuple[int, ...]
    keep: int

    @property
    def planes(self) -> int:
        """How many planes the batch has."""
        return self._stacked(self.shape)[0]

    @property
    def chunks(self) -> int:
        """How many chunks the windows fill."""
        return len(self.corners) // self.chunk

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns of a plane."""
        _, rows, columns = self._stacked(self.shape)
        return rows, columns

    @property
    def mirrored_shape(self) -> tuple[int, int, int]:
        """Planes, rows and columns, as far as the windows reach."""
        return self._stacked(self.mirrored)

    @property
    def size(self) -> tuple[int, int, int]:
        """Planes, rows and columns of a window."""
        if self.has_slices:
            return (1, self.patch[0], self.patch[1])
        return (self.patch[0], self.patch[1], self.patch[2])

    @property
    def voxels(self) -> int:
        """How many voxels the batch has."""
        return int(np.prod(self.shape))

    @property
    def is_tiled(self) -> bool:
        """Whether an example has several windows."""
        return self.mirrored[1:] != self.patch

    @property
    def has_slices(self) -> bool:
        """Whether the planes are slices, each an example."""
        return len(self.patch) == 2

    def windows_of_first_image(self) -> list[int]:
        """The windows whose weights stand for those of all images."""
        return np.flatnonzero(self.corners[:, 0] == 0).tolist()

    def windows_of(self, chunk: int) -> range:
        """The windows of a chunk."""
        return range(chunk * self.chunk, (chunk + 1) * self.chunk)

    def corners_of(self, chunk: int) -> np.ndarray:
        """First voxels of a chunk's windows, int32 ``[chunk, rank]``.

        Whole images all begin at 0: one corner, ``[1, rank]``, serves the chunk.
        """
        windows = self.windows_of(chunk)
        corners = self.corners[windows.start : windows.stop, 1:]
        if self.is_tiled:
            return corners
        return corners[:1]

    def patch_at(self, stack: np.ndarray, window: int) -> np.ndarray:
        """What a window sees, mirrored where it reaches beyond the image.

        Args:
            stack: ``[planes, rows, columns, C]``.
            window: its index.

        Returns:
            ``[*patch, C]``.
        """
        place = self.place(window) or (0, 0, 0)
        inside = []
        beyond = []
        for first, size, length in zip(place, self.size, stack.shape, strict=False):
            stop = min(first + size, length)
            inside.append(slice(first, stop))
            beyond.append((0, first + size - stop))
        patch = np.pad(stack[tuple(inside)], [*beyond, (0, 0)], "symmetric")
        return patch.reshape(*self.patch, -1)

    def place(self, window: int) -> Place | None:
        """Where a window begins; None for one that repeats another to fill a chunk."""
        image, *space = (int(index) for index in self.corners[window])
        if image < 0:
            return None
        if self.has_slices:
            return (image, space[0], space[1])
        return (space[0], space[1], space[2])

    def place_of_weight(self, window: int) -> Place:
        """Where a window begins in the weights of the first example, which stand for all."""
        space = [int(index) for index in self.corners[window, 1:]]
        if self.has_slices:
            return (0, space[0], space[1])
        return (space[0], space[1], space[2])

    def groups(self) -> Iterator[range]:
        """The chunks whose encoding is held in memory together."""
        together = max(self.keep // self.chunk, 1)
        for first in range(0, self.chunks, together):
            yield range(first, min(first + together, self.chunks))

    def finished_voxels(self, chunks: int) -> int:
        """How many of the first voxels no later window touches.

        They are a multiple of `ALIGNMENT`, or all.

        Args:
            chunks: how many of the first chunks have been added.
        """
        first_left = chunks * self.chunk
        if first_left >= self._windows:
            return self.voxels
        plane = min(self._plane_of(first_left), self.planes)
        rows, columns = self.plane_shape
        voxels = plane * rows * columns
        return voxels - voxels % ALIGNMENT

    @cached_property
    def planes_at_once(self) -> int:
        """The most planes that hold sums which are not finished, or finished and not yet taken."""
        most = 0
        for group in self.groups():
            first = self.first_plane(self.finished_voxels(group.start))
            most = max(most, self.last_plane(group) - first)
        return most

    def first_plane(self, voxels: int) -> int:
        """The plane of the voxel that comes after a number of voxels."""
        rows, columns = self.plane_shape
        return voxels // (rows * columns)

    def last_plane(self, group: range) -> int:
        """The plane after the last one that a group of chunks touches."""
        last = min(group.stop * self.chunk, self._windows) - 1
        return self._plane_of(last) + self.size[0]

    @cached_property
    def _windows(self) -> int:
        """How many windows there are, without those that fill a chunk."""
        return int(np.count_nonzero(self.corners[:, 0] >= 0))

    def _plane_of(self, window: int) -> int:
        axis = int(not self.has_slices)
        return int(self.corners[window, axis])

    def _stacked(self, shape: Sequence[int]) -> tuple[int, int, int]:
        planes, rows, columns = shape[-3:]
        return (planes, rows, columns)
