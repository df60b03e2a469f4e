"""Every sample's mask of every structure, a bit per voxel: in memory, and as the file that ``tfuq predict --save-samples`` writes."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.archives import read_arrays
from tfuq.data.volume import Volume, require_affine
from tfuq.data.writers import write_bytes
from tfuq.errors import RunError

STORED = "samples.npz"
Box = tuple[slice, ...]
_AGAIN = "remove it and predict again with --save-samples"
_MOST_SIZE = 32767  # voxels along an axis
_WHOLE = -1  # in the file: examples are volumes, not slices


@dataclass(frozen=True)
class SampleMasks:
    """T masks of one class, bit-packed ``[n, T, bytes]`` per example as `tfuq.reducers.PackedMasks` leaves them.

    ``example_shape`` is the shape of one example and ``slice_axis`` where the examples are stacked, if they are slices.
    """

    packed: np.ndarray
    example_shape: tuple[int, ...]
    slice_axis: int | None

    @classmethod
    def of_classes(cls, packed: np.ndarray, classes: Sequence[int], example_shape: tuple[int, ...], slice_axis: int | None):
        """Masks of a class, or of what several make up, from those of all: ``packed [n, T, K−1, bytes]``, class 1 first."""
        chosen = packed[:, :, [k - 1 for k in classes]]
        return cls(np.bitwise_or.reduce(chosen, axis=2), example_shape, slice_axis)

    def union(self) -> np.ndarray:
        """Voxels that at least one sample labels, ``[X, Y, Z]``."""
        return self._unpack(np.bitwise_or.reduce(self.packed, axis=1))

    def within(self, box: Box) -> np.ndarray:
        """All masks in a box, ``[T, *box]`` bool; one is unpacked at a time."""
        return np.stack([self._unpack(self.packed[:, t])[box] for t in range(self.packed.shape[1])])

    def each(self) -> Iterator[np.ndarray]:
        """One mask ``[X, Y, Z]`` after another."""
        return (self._unpack(self.packed[:, t]) for t in range(self.packed.shape[1]))

    def _unpack(self, packed: np.ndarray) -> np.ndarray:
        bits = np.unpackbits(packed, axis=-1, count=int(np.prod(self.example_shape)), bitorder="little")
        masks = bits.view(bool).reshape(-1, *self.example_shape)
        return masks[0] if self.slice_axis is None else np.moveaxis(masks, 0, self.slice_axis)


def crop_packed(packed: np.ndarray, shape: Sequence[int], box: Box) -> np.ndarray:
    """Cut packed masks ``[n, T, K−1, bytes]`` of examples of ``shape`` to a box of each example.

    One sample is unpacked at a time.
    """

    def cut(sample: np.ndarray) -> np.ndarray:
        bits = np.unpackbits(sample, axis=-1, count=math.prod(shape), bitorder="little")
        masks = bits.reshape(*sample.shape[:-1], *shape)[(..., *box)]
        return np.packbits(masks.reshape(*sample.shape[:-1], -1), axis=-1, bitorder="little")

    return np.stack([cut(packed[:, t]) for t in range(packed.shape[1])], axis=1)


@dataclass(frozen=True)
class StoredSamples:
    """The samples of one case on the network's grid, without padding.

    ``packed [n, T, K−1, bytes]`` are bits as `tfuq.reducers.PackedMasks` leaves them.

    ``grid`` is a volume on that grid, of which the place alone matters.
    """

    packed: np.ndarray
    slice_axis: int | None
    grid: Volume

    def of_classes(self, classes: Sequence[int]) -> SampleMasks:
        """The masks of a class, or of what several make up; class 1 is the first that is not the background."""
        shape = tuple(size for axis, size in enumerate(self.grid.shape) if axis != self.slice_axis)
        return SampleMasks.of_classes(self.packed, classes, shape, self.slice_axis)

    def write(self, folder: Path) -> None:
        """Write ``samples.npz`` into a case's folder."""
        buffer = io.BytesIO()
        axis = _WHOLE if self.slice_axis is None else self.slice_axis
        np.savez_compressed(buffer, packed=self.packed, slice_axis=axis, shape=self.grid.shape, affine=self.grid.affine)
        write_bytes(folder / STORED, buffer.getvalue())


def read_samples(folder: Path, classes: int) -> StoredSamples:
    """Read the samples of a case's folder.

    Raises:
        RunError: they were not kept, or the file is damaged.
    """
    path = folder / STORED
    if not path.is_file():
        raise RunError(f"{path}: the samples were not kept; run the same tfuq predict with --save-samples, which adds them")
    arrays = read_arrays(path, path, _AGAIN)
    try:
        packed, axis = arrays["packed"], _whole_numbers(arrays["slice_axis"], ())[0]
        if axis not in (_WHOLE, 0, 1, 2):
            raise ValueError(f"its slice axis is {axis}")
        shape, affine = _grid(arrays["shape"], arrays["affine"])
    except (ValueError, KeyError) as error:
        raise RunError(f"{path}: does not hold samples ({error}); {_AGAIN}") from error
    grid = Volume(np.broadcast_to(np.uint8(0), shape), affine)
    stored = StoredSamples(packed, None if axis == _WHOLE else axis, grid)
    if packed.dtype != np.uint8 or packed.shape != _expected(stored, classes, packed):
        raise RunError(f"{path}: does not hold masks of {classes} classes; {_AGAIN}")
    return stored


def _whole_numbers(array: np.ndarray, shape: tuple[int, ...]) -> list[int]:
    if array.dtype.kind not in "iu" or array.shape != shape:
        raise ValueError(f"{array.dtype} numbers of shape {array.shape} where whole ones of shape {shape} are needed")
    return [int(value) for value in array.ravel()]


def _grid(shape: np.ndarray, affine: np.ndarray) -> tuple[tuple[int, ...], np.ndarray]:
    sizes = tuple(_whole_numbers(shape, (3,)))
    if not all(0 < size <= _MOST_SIZE for size in sizes):
        raise ValueError(f"its shape is {sizes}")
    if affine.dtype.kind != "f" or affine.shape != (4, 4):
        raise ValueError("its affine is none")
    require_affine(affine)
    return sizes, affine.astype(float)


def _expected(stored: StoredSamples, classes: int, packed: np.ndarray) -> tuple[int, ...]:
    examples = 1 if stored.slice_axis is None else stored.grid.shape[stored.slice_axis]
    voxels = stored.grid.array.size // examples
    samples = max(packed.shape[1], 1) if packed.ndim > 1 else 1
    return (examples, samples, classes - 1, -(-voxels // 8))
