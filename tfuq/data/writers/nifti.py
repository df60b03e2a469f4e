"""Volumes as NIfTI, whole or one channel after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.headers import SpatialHeader
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.volume import Volume
from tfuq.data.writers.compression import Compressor, GzipStream, compressing, gzip_stream
from tfuq.errors import DataError

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

_LEAST_PLANES = 16  # in a block: the memory of fewer is read several times
_LEAST_BYTES = 2**20  # in a block


class NiftiStream:
    """A ``.nii.gz`` that is written a channel at a time."""

    def __init__(
        self, path: Path, shape: tuple[int, ...], dtype: np.dtype, stream: GzipStream
    ) -> None:
        """Begin a file; see `nifti_stream`."""
        self._path = path
        self._shape = shape
        self._dtype = dtype.newbyteorder("=")
        self._stream = stream
        self._channels = 0

    def add(self, channel: np.ndarray) -> None:
        """Add the next channel, which must not change any more.

        Args:
            channel: ``[X, Y, Z]``.

        Raises:
            DataError: A voxel of this channel, or of one before it, is NaN or infinite.
            TfuqError: The file cannot be written.
            ValueError: The channel has another shape.
        """
        if channel.shape != self._shape:
            raise ValueError(f"{self._path}: {channel.shape} where {self._shape} is needed")
        self._channels += 1
        plane = channel[:, :, 0].nbytes
        planes = max(_LEAST_PLANES, -(-_LEAST_BYTES // plane))
        for start in range(0, channel.shape[2], planes):
            slab = channel[:, :, start : start + planes]
            self._stream.add(slab.nbytes, lambda slab=slab: self._bytes(slab))  # type: ignore[misc]

    def require_channels(self, count: int) -> None:
        """Refuse to end without every channel.

        Raises:
            ValueError: There are more or fewer.
        """
        if self._channels != count:
            raise ValueError(f"{self._path}: {self._channels} channels where {count} are needed")

    def _bytes(self, slab: np.ndarray) -> bytes:
        _require_numbers(self._path, slab)
        return slab.astype(self._dtype, copy=False).tobytes(order="F")


@contextmanager
def nifti_stream(
    path: Path,
    grid: Volume,
    dtype: np.dtype,
    channels: int | None,
    compressor: Compressor,
) -> Iterator[NiftiStream]:
    """Yield a ``.nii.gz`` to add channels to, which appears when the block ends without an error.

    The qform, the sform, their codes, the voxel sizes and the units are those of the file that the
    grid's volume came from. Where there is none, they are made of its affine.

    A scalar map of a 2D file is 2D; one of several channels keeps its slice axis, as NIfTI's
    channels are its fourth.

    Args:
        path: The file.
        grid: A volume on the grid; its array does not matter.
        dtype: The data type of every channel.
        channels: How many there are; None of a scalar map.
        compressor: Compresses what is added.

    Raises:
        DataError: A voxel is NaN or infinite.
        RunError: As `tfuq.data.writers.whole_file`.
        TfuqError: As `tfuq.data.writers.whole_file`.
    """
    header = _header(grid, dtype, channels)
    with gzip_stream(path, compressor) as stream:
        stream.add(len(header), lambda: header)
        channel_stream = NiftiStream(path, grid.shape, dtype, stream)
        yield channel_stream
        channel_stream.require_channels(channels or 1)


def write_nifti(path: Path, volume: Volume) -> None:
    """Write a ``.nii.gz`` with the volume's spatial header, its array's data type kept.

    Errors, and what the header says, are those of `nifti_stream`.
    """
    array = volume.array
    channels = None
    if array.ndim == 4:
        channels = array.shape[3]
    _require_numbers(path, array)  # before anything is in the folder
    with (
        compressing() as compressor,
        nifti_stream(path, volume, array.dtype, channels, compressor) as stream,
    ):
        for channel in _channels(array):
            stream.add(channel)


def _require_numbers(path: Path, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise DataError(
            f"{path}: is not written, as voxels of it are NaN or infinite; "
            "look at the weights by tfuq doctor"
        )


def _channels(array: np.ndarray) -> Iterator[np.ndarray]:
    if array.ndim == 3:
        yield array
        return
    for k in range(array.shape[3]):
        yield array[..., k]


def _header(grid: Volume, dtype: np.dtype, channels: int | None) -> bytes:
    """What comes before the voxels."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(dtype)
    spatial = grid.header or SpatialHeader.of_affine(grid.affine)
    spatial.copy_to(header)
    # Given an affine, nibabel would make the header's fields of it.
    voxels = np.broadcast_to(np.zeros((), dtype), _file_shape(grid, channels))
    image = nibabel.Nifti1Image(voxels, None, header)
    image.update_header()
    header = image.header
    header.set_slope_inter(1, 0)
    header.set_data_offset(header.single_vox_offset)
    fields: bytes = header.binaryblock
    return fields + bytes(header.single_vox_offset - len(fields))


def _file_shape(grid: Volume, channels: int | None) -> tuple[int, ...]:
    """The shape with as many axes as the file has."""
    if channels is not None:
        return (*grid.shape, channels)
    if grid.ndim == 2 and grid.shape[2] == 1:
        return grid.shape[:2]
    return grid.shape
