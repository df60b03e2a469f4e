"""Statistics of a case's samples on disk, written part by part and read channel by channel.

Each field of `tfuq.tasks.records.VoxelStatistics` has a file of float32 numbers: all voxels of the
first channel, then all of the second. Masks are a bit per voxel.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from tfuq.data import disk
from tfuq.data.preprocessing import Box, from_examples
from tfuq.measures.sample_masks import SampleMasks
from tfuq.tasks.records import VoxelStatistics, gathered

_FLOAT_BYTES = 4
_PLANES = 16  # of a channel that are mapped at a time
_MASKS = "masks"
_CROPPED = "cropped masks"
_PICKED = "picked"


@dataclass(frozen=True, kw_only=True)
class PackedOnDisk:
    """Every sample's masks in a file, ``[T, K − 1, n, bytes]``.

    It is indexed as an array ``[n, T, K − 1, bytes]``. What is taken is read anew and is in memory
    alone as long as it is used.

    Attributes:
        path: The file.
        shape: ``(n, T, K − 1, bytes)``.
    """

    path: Path
    shape: tuple[int, int, int, int]

    def __getitem__(self, key: tuple[int | slice, ...]) -> np.ndarray:
        """Some bytes, as of an array."""
        return np.array(self._mapped()[key])

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """All bytes, read where they are used."""
        return np.asarray(self._mapped(), dtype)

    def _mapped(self) -> np.ndarray:
        examples, samples, classes, size = self.shape
        stored = np.memmap(self.path, np.uint8, "r", shape=(samples, classes, examples, size))
        return stored.transpose(2, 0, 1, 3)


@dataclass(frozen=True, kw_only=True)
class SpooledChannels:
    """The channels of a case whose statistics are on disk, see `VoxelChannels`.

    Attributes:
        folder: Has a file for each field.
        layouts: The number of channels along each axis of a field's channels, by name.
        examples: Shape of the examples as the network takes them, ``(n, *S)``.
        box: The part of an example that the scan fills.
        slice_axis: The axis of the volume along which examples are stacked, if they are slices.
        packed: Every sample's masks of examples without padding.
        picked: Samples at chosen voxels, ``[n, T, m, K]``, in memory; None where none were chosen.
    """

    folder: Path
    layouts: dict[str, tuple[int, ...]]
    examples: tuple[int, ...]
    box: Box
    slice_axis: int | None
    packed: PackedOnDisk
    picked: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `VoxelChannels.shape`."""
        sizes = [*_sizes(self.box)]
        if self.slice_axis is not None:
            sizes.insert(self.slice_axis, self.examples[0])
        return (sizes[0], sizes[1], sizes[2])

    @property
    def names(self) -> tuple[str, ...]:
        """See `VoxelChannels.names`."""
        return (*self.layouts, _MASKS)

    def channel(self, name: str, *index: int) -> np.ndarray:
        """See `VoxelChannels.channel`. It is read anew each time."""
        voxels = math.prod(self.examples)
        offset = self._offset(name, index)
        return self._cropped(np.fromfile(self.folder / name, np.float32, voxels, offset=offset))

    def mapped(self, name: str, *index: int) -> np.ndarray:
        """A channel as `channel` has it, of which nothing is read before it is used."""
        path = self.folder / name
        voxels = math.prod(self.examples)
        offset = self._offset(name, index)
        return self._cropped(np.memmap(path, np.float32, "r", offset=offset, shape=(voxels,)))

    def _offset(self, name: str, index: tuple[int, ...]) -> int:
        """Where a channel begins in the field's file, in bytes."""
        layout = gathered(self.layouts.get(name), name)
        number = int(np.ravel_multi_index(index, layout)) if layout else 0
        return number * math.prod(self.examples) * _FLOAT_BYTES

    def _cropped(self, voxels: np.ndarray) -> np.ndarray:
        """All voxels of the examples as the volume without padding."""
        padded = voxels.reshape(self.examples)
        return from_examples(padded[(slice(None), *self.box)], self.slice_axis)

    def boxes(self, name: str, *index: int) -> ChannelOnDisk:
        """See `VoxelChannels.boxes`."""
        return ChannelOnDisk(self, name, index)

    def masks(self, classes: Sequence[int]) -> SampleMasks:
        """See `VoxelChannels.masks`."""
        return SampleMasks.of_classes(self.packed, classes, _sizes(self.box), self.slice_axis)


@dataclass(frozen=True)
class ChannelOnDisk:
    """A channel of which boxes are read.

    Attributes:
        channels: Of the case.
        name: Of the field.
        index: Of the channel in the field.
    """

    channels: SpooledChannels
    name: str
    index: tuple[int, ...]

    def __getitem__(self, box: Box) -> np.ndarray:
        """The values in a box of the volume.

        What is mapped of a file is in memory too. So few planes are mapped at a time.
        """
        axis = self.channels.slice_axis or 0
        indices = [range(size)[side] for side, size in zip(box, self.channels.shape, strict=True)]
        values = np.empty([len(along) for along in indices], np.float32)
        target = [slice(None)] * len(indices)
        source = [slice(along.start, along.stop) for along in indices]
        for first in range(0, len(indices[axis]), _PLANES):
            planes = indices[axis][first : first + _PLANES]
            target[axis] = slice(first, first + len(planes))
            source[axis] = slice(planes.start, planes.stop)
            values[tuple(target)] = self.channels.mapped(self.name, *self.index)[tuple(source)]
        return values


class Spool:
    """Takes the statistics of one case part by part."""

    def __init__(
        self,
        folder: Path,
        *,
        examples: tuple[int, ...],
        box: Box,
        slice_axis: int | None,
    ) -> None:
        """Begin with an empty folder.

        Args:
            folder: For the files.
            examples: As in `SpooledChannels`.
            box: As in `SpooledChannels`.
            slice_axis: As in `SpooledChannels`.
        """
        self._folder = folder
        self._examples = examples
        self._box = box
        self._slice_axis = slice_axis
        self._layouts: dict[str, tuple[int, ...]] = {}
        self._masks_shape = (0, 0)  # T and K − 1
        self._picked: list[np.ndarray] = []  # [T, m, K] of each part

    def add(self, first: int, part: VoxelStatistics) -> None:
        """Write the statistics of voxels that follow each other.

        Args:
            first: Number of the first voxel of all, a multiple of 8.
            part: Of these voxels, ``[1, voxels, …]``.
        """
        for name, values in part.arrays().items():
            if name == _MASKS:
                self._add_masks(first, values[0])
                continue
            if name == _PICKED:
                self._picked.append(values[0])
                continue
            by_channel = _by_channel(name, values[0])
            *layout, count = by_channel.shape
            self._layouts[name] = tuple(layout)
            self._write(name, by_channel.reshape(-1, count), first, math.prod(self._examples))

    def _add_masks(self, first: int, masks: np.ndarray) -> None:
        samples, classes, count = masks.shape
        self._masks_shape = (samples, classes)
        packed_size = -(-math.prod(self._examples) // 8)
        self._write(_MASKS, masks.reshape(-1, count), first // 8, packed_size)

    def _write(self, name: str, channels: np.ndarray, first: int, length: int) -> None:
        """Write numbers of each channel, of which each has ``length`` in all."""
        with disk.open_updated(self._folder / name) as file:
            for number, values in enumerate(channels):
                file.seek((number * length + first) * values.itemsize)
                disk.write(file, np.ascontiguousarray(values).tobytes())

    def finished(self) -> SpooledChannels:
        """The channels, after the last part."""
        return SpooledChannels(
            folder=self._folder,
            layouts=self._layouts,
            examples=self._examples,
            box=self._box,
            slice_axis=self._slice_axis,
            packed=self._packed(),
            picked=self._picked_by_example(),
        )

    def _picked_by_example(self) -> np.ndarray | None:
        """The samples at the chosen voxels of all parts, ``[n, T, m, K]``."""
        if not self._picked:
            return None
        joined = np.concatenate(self._picked, 1)
        samples, _, classes = joined.shape
        return joined.reshape(samples, self._examples[0], -1, classes).swapaxes(0, 1)

    def _packed(self) -> PackedOnDisk:
        """The masks of examples without padding, each with bytes of its own."""
        samples, classes = self._masks_shape
        voxels = math.prod(_sizes(self._box))
        shape = (self._examples[0], samples, classes, -(-voxels // 8))
        is_padded = _sizes(self._box) != self._examples[1:]
        if is_padded or (self._examples[0] > 1 and voxels % 8):
            self._crop_masks(samples * classes)
            return PackedOnDisk(path=self._folder / _CROPPED, shape=shape)
        return PackedOnDisk(path=self._folder / _MASKS, shape=shape)

    def _crop_masks(self, count: int) -> None:
        """Cut masks to the box, one after another."""
        voxels = math.prod(self._examples)
        size = -(-voxels // 8)
        with disk.open_updated(self._folder / _CROPPED) as file:
            for number in range(count):
                packed = np.fromfile(self._folder / _MASKS, np.uint8, size, offset=number * size)
                bits = np.unpackbits(packed, count=voxels, bitorder="little")
                cropped = bits.reshape(self._examples)[(slice(None), *self._box)]
                flat = cropped.reshape(self._examples[0], -1)
                disk.write(file, np.packbits(flat, axis=-1, bitorder="little").tobytes())
        disk.remove(self._folder / _MASKS)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for files that are larger than memory; it is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="tfuq-") as folder:
        yield Path(folder)


def temporary_room() -> int:
    """Bytes that are free where temporary folders are made."""
    free: int = psutil.disk_usage(tempfile.gettempdir()).free
    return free


def _sizes(box: Box) -> tuple[int, ...]:
    return tuple(side.stop - side.start for side in box)


def _by_channel(name: str, values: np.ndarray) -> np.ndarray:
    """A field of one part as ``[…, voxels]``."""
    voxels = 1 if name == "members" else 0
    return np.moveaxis(values, voxels, -1)
