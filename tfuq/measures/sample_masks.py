"""Every sample's mask of every structure, a bit per voxel.

In memory, and as the file that ``tfuq predict --save-samples`` writes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfuq.data import disk
from tfuq.data.archives import read_arrays
from tfuq.data.volume import Volume, require_affine
from tfuq.data.writers import whole_file
from tfuq.errors import RunError

STORED = "samples.npz"
_REMEDY = "remove it and predict again with --save-samples"
_MOST_SIZE = 32767  # voxels along an axis
_NO_SLICE_AXIS = -1  # in the file: examples are volumes, not slices


class PackedBits(Protocol):
    """Bits ``[n, T, K−1, bytes]``: an array, or what is read from a file like one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """n, T, K−1 and bytes."""

    def __getitem__(self, key: Any, /) -> np.ndarray:
        """A part, as of an array."""


@dataclass(frozen=True)
class SampleMasks:
    """T masks of a class, or of the union of several.

    Attributes:
        packed: bits ``[n, T, K−1, bytes]`` of n examples, in memory or on disk, as
            `tfuq.measures.reducers.PackedMasks` leaves them. Bits after an example's last voxel are
            0.
        indices: of the classes along the third axis.
        example_shape: shape of one example.
        slice_axis: axis of the volume along which the examples are stacked, if they are slices.
    """

    packed: PackedBits
    indices: tuple[int, ...]
    example_shape: tuple[int, ...]
    slice_axis: int | None

    @classmethod
    def of_classes(
        cls,
        packed: PackedBits,
        classes: Sequence[int],
        example_shape: tuple[int, ...],
        slice_axis: int | None,
    ) -> SampleMasks:
        """Masks of a class, or of the union of several.

        Args:
            packed: of all classes but the first, ``[n, T, K−1, bytes]``.
            classes: one or several of 1 … K−1.
            example_shape: shape of one example.
            slice_axis: as in the class.
        """
        indices = tuple(k - 1 for k in classes)
        return cls(packed, indices, example_shape, slice_axis)

    @property
    def samples(self) -> int:
        """T."""
        return int(self.packed.shape[1])

    @property
    def size(self) -> int:
        """Bytes of a sample's mask."""
        return int(self.packed.shape[0] * self.packed.shape[-1])

    def block(self, start: int, stop: int) -> np.ndarray:
        """Some bytes of every sample's mask, uint8 ``[T, bytes]``.

        The bytes of one example follow those of another.
        """
        return np.stack([self._bytes(t, start, stop) for t in range(self.samples)])

    def voxels(self, bits: np.ndarray) -> tuple[np.ndarray, ...]:
        """The voxels of some bits.

        Args:
            bits: their numbers in a mask.

        Returns:
            Their indices along each axis of the volume.
        """
        examples, places = np.divmod(bits, 8 * self.packed.shape[-1])
        indices = [*np.unravel_index(places, self.example_shape)]
        if self.slice_axis is not None:
            indices.insert(self.slice_axis, examples)
        return tuple(indices)

    def union(self) -> np.ndarray:
        """Voxels that at least one sample labels, bool ``[X, Y, Z]``."""
        packed_union = self._bytes(0, 0, self.size).copy()
        for t in range(1, self.samples):
            packed_union |= self._bytes(t, 0, self.size)
        return self._unpack(packed_union)

    def unpacked(self) -> Iterator[np.ndarray]:
        """One mask after another, bool ``[X, Y, Z]``."""
        return (self._unpack(self._bytes(t, 0, self.size)) for t in range(self.samples))

    def _bytes(self, sample: int, start: int, stop: int) -> np.ndarray:
        """Some bytes of a sample's mask."""
        row = self.packed.shape[-1]
        first = start // row
        last = -(-min(stop, self.size) // row)
        within = slice(start - first * row, stop - first * row)
        blocks = []
        for index in self.indices:
            if last - first == 1:
                blocks.append(self.packed[first, sample, index, within])
                continue
            flat = self.packed[first:last, sample, index].reshape(-1)
            blocks.append(flat[within])
        if len(blocks) == 1:
            return blocks[0]
        union: np.ndarray = np.bitwise_or.reduce(blocks)
        return union

    def _unpack(self, packed: np.ndarray) -> np.ndarray:
        voxels = math.prod(self.example_shape)
        bits = np.unpackbits(
            packed.reshape(self.packed.shape[0], -1),
            axis=-1,
            count=voxels,
            bitorder="little",
        )
        masks = bits.view(bool).reshape(-1, *self.example_shape)
        if self.slice_axis is None:
            stacked: np.ndarray = masks[0]
            return stacked
        return np.moveaxis(masks, 0, self.slice_axis)


def bits_of(packed: np.ndarray) -> np.ndarray:
    """The numbers of the bits that are set in some bytes, in their order."""
    places = np.flatnonzero(packed)
    bits = np.unpackbits(packed[places], bitorder="little").view(bool)
    rows, shifts = bits.reshape(-1, 8).nonzero()
    return 8 * places[rows] + shifts


def crop_packed(packed: np.ndarray, shape: Sequence[int], box: tuple[slice, ...]) -> np.ndarray:
    """Cut packed masks to a box of each example; one sample is unpacked at a time.

    Args:
        packed: ``[n, T, K−1, bytes]``.
        shape: of one example.
        box: a slice for each axis of an example.

    Returns:
        ``[n, T, K−1, bytes]`` of the box.
    """
    samples = packed.shape[1]
    cropped = [_crop_sample(packed[:, t], shape, box) for t in range(samples)]
    return np.stack(cropped, axis=1)


def _crop_sample(packed: np.ndarray, shape: Sequence[int], box: tuple[slice, ...]) -> np.ndarray:
    leading = packed.shape[:-1]
    bits = np.unpackbits(
        packed,
        axis=-1,
        count=math.prod(shape),
        bitorder="little",
    )
    masks = bits.reshape(*leading, *shape)
    index: tuple[Any, ...] = (..., *box)
    cropped = masks[index]
    flat = cropped.reshape(*leading, -1)
    return np.packbits(flat, axis=-1, bitorder="little")


@dataclass(frozen=True)
class StoredSamples:
    """The samples of one case on the network's grid, without padding.

    Attributes:
        packed: bits ``[n, T, K−1, bytes]``, as `tfuq.measures.reducers.PackedMasks` leaves them.
        slice_axis: axis of the volume along which the examples are stacked, if they are slices.
        grid: a volume on that grid; its shape and affine alone matter.
    """

    packed: np.ndarray
    slice_axis: int | None
    grid: Volume

    def of_classes(self, classes: Sequence[int]) -> SampleMasks:
        """The masks of a class, or of the union of several.

        Args:
            classes: one or several; class 1 is the first that is not the background.
        """
        sizes = enumerate(self.grid.shape)
        shape = tuple(size for axis, size in sizes if axis != self.slice_axis)
        return SampleMasks.of_classes(self.packed, classes, shape, self.slice_axis)

    def write(self, folder: Path) -> None:
        """Write ``samples.npz`` into a case's folder."""
        axis = self.slice_axis
        if axis is None:
            axis = _NO_SLICE_AXIS
        with whole_file(folder / STORED) as draft, disk.open_stream(draft) as stream:
            np.savez_compressed(
                stream,
                packed=self.packed,
                slice_axis=axis,
                shape=self.grid.shape,
                affine=self.grid.affine,
            )


def read_samples(folder: Path, classes: int) -> StoredSamples:
    """Read the samples of a case's folder.

    Args:
        folder: of the case.
        classes: K, with the background.

    Raises:
        RunError: they were not kept, or the file is damaged.
    """
    path = folder / STORED
    if not path.is_file():
        remedy = "run the same tfuq predict with --save-samples, which adds them"
        raise RunError(f"{path}: the samples were not kept; {remedy}")
    arrays = read_arrays(path, path, _REMEDY)
    try:
        stored = _stored_samples(arrays)
    except (ValueError, KeyError) as error:
        raise RunError(f"{path}: does not hold samples ({error}); {_REMEDY}") from error
    packed = stored.packed
    if packed.dtype != np.uint8 or packed.shape != _expected_shape(stored, classes):
        raise RunError(f"{path}: does not hold masks of {classes} classes; {_REMEDY}")
    return stored


def _stored_samples(arrays: dict[str, np.ndarray]) -> StoredSamples:
    """The samples that arrays of a file hold.

    Raises:
        KeyError: an array is missing.
        ValueError: an array has other values than it can have.
    """
    packed = arrays["packed"]
    (axis,) = _whole_numbers(arrays["slice_axis"], ())
    if axis not in (_NO_SLICE_AXIS, 0, 1, 2):
        raise ValueError(f"its slice axis is {axis}")
    shape = _checked_shape(arrays["shape"])
    affine = _checked_affine(arrays["affine"])
    grid = Volume(np.broadcast_to(np.uint8(0), shape), affine)
    if axis == _NO_SLICE_AXIS:
        return StoredSamples(packed, None, grid)
    return StoredSamples(packed, axis, grid)


def _whole_numbers(array: np.ndarray, shape: tuple[int, ...]) -> list[int]:
    if array.dtype.kind not in "iu" or array.shape != shape:
        actual = f"{array.dtype} numbers of shape {array.shape}"
        raise ValueError(f"{actual} where whole ones of shape {shape} are needed")
    return [int(value) for value in array.ravel()]


def _checked_shape(array: np.ndarray) -> tuple[int, ...]:
    shape = tuple(_whole_numbers(array, (3,)))
    if not all(0 < size <= _MOST_SIZE for size in shape):
        raise ValueError(f"its shape is {shape}")
    return shape


def _checked_affine(affine: np.ndarray) -> np.ndarray:
    if affine.dtype.kind != "f" or affine.shape != (4, 4):
        raise ValueError("its affine is none")
    require_affine(affine)
    return affine.astype(float)


def _expected_shape(stored: StoredSamples, classes: int) -> tuple[int, ...]:
    """The shape that packed masks of these classes have."""
    examples = 1
    if stored.slice_axis is not None:
        examples = stored.grid.shape[stored.slice_axis]
    voxels = stored.grid.array.size // examples
    samples = 1
    if stored.packed.ndim > 1:
        samples = max(stored.packed.shape[1], 1)
    packed_size = -(-voxels // 8)
    return (examples, samples, classes - 1, packed_size)
