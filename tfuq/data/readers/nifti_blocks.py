"""A NIfTI file block after block, so that memory does not follow its size.

A file has one channel after the other, and a compressed file can only be read from its start. So
whoever reads it works on one channel at a time, and on a part of it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from nibabel.arrayproxy import ArrayProxy

from tfuq.data.headers import SpatialHeader
from tfuq.data.readers import nifti
from tfuq.data.readers.compressed import GZIP, Stream, decompressed, up_to
from tfuq.data.readers.damage import naming_damage
from tfuq.data.volume import Volume, require_affine, require_finite
from tfuq.errors import missing_file

BLOCK = 2**18  # voxels


@dataclass(frozen=True, kw_only=True)
class Block:
    """Consecutive voxels of a channel, of which those along the first axis are neighbours.

    Attributes:
        channel: Its number.
        start: The number of the first voxel.
        values: Float32 ``[m]``.
    """

    channel: int
    start: int
    values: np.ndarray

    @property
    def place(self) -> slice:
        """Where the voxels are among those of the channel."""
        return slice(self.start, self.start + len(self.values))


@dataclass(frozen=True, kw_only=True)
class NiftiBlocks:
    """A ``.nii`` or ``.nii.gz``, of which only the header was read.

    Attributes:
        path: The file.
        grid: A volume on its grid; its shape and affine alone matter.
        channels: The axes after the third, () of a map.
        header: Of the file.
    """

    path: Path
    grid: Volume
    channels: tuple[int, ...]
    header: nibabel.Nifti1Header

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """Read one block after another, all of a channel before those of the next.

        Args:
            size: The most voxels of a block.

        Raises:
            DataError: The file is damaged or too short, or has NaN or infinite voxels.
        """
        voxels = math.prod(self.grid.shape)
        with _content(self.path) as stream:
            with naming_damage(self.path, nifti.KIND):
                up_to(stream, self.header.get_data_offset())
            for channel in range(math.prod(self.channels)):
                for start in range(0, voxels, size):
                    values = self._read(stream, min(size, voxels - start))
                    yield Block(channel=channel, start=start, values=values)
            with naming_damage(self.path, nifti.KIND):
                stream.read(1)  # at its end, a stream's checksum is compared

    def _read(self, stream: Stream, count: int) -> np.ndarray:
        """The next voxels, float32 ``[count]``."""
        dtype = self.header.get_data_dtype()
        with naming_damage(self.path, nifti.KIND):
            raw = up_to(stream, count * dtype.itemsize)
            nifti.require_size(len(raw), count * dtype.itemsize)
            proxy = ArrayProxy(io.BytesIO(raw), ((count,), dtype, 0, *self._scaling()))
            values = np.asarray(proxy, np.float32)
        require_finite(self.path, values)
        return values

    def strided(self, steps: Sequence[int], channel: int = 0) -> np.ndarray:
        """Read every so many-th voxel along each axis of one channel.

        One plane is in memory at a time, and what is left out is not converted.

        Args:
            steps: For each of the three axes; 1 for all voxels.
            channel: Its number.

        Returns:
            ``[X', Y', Z']``: whole numbers in the file's own data type where the header scales no
            value, else float32.

        Raises:
            DataError: The file is damaged or too short, or a voxel that is read is NaN or infinite.
        """
        rows, columns, slices = self.grid.shape
        size = rows * columns * self.header.get_data_dtype().itemsize
        kept = [-(-count // step) for count, step in zip(self.grid.shape, steps, strict=True)]
        array = np.empty(kept, self._strided_type(), order="F")
        with _content(self.path) as stream, naming_damage(self.path, nifti.KIND):
            up_to(stream, self.header.get_data_offset())
            for number in range(-channel * slices, slices):
                raw = up_to(stream, size)
                nifti.require_size(len(raw), size)
                if number >= 0 and number % steps[2] == 0:
                    array[:, :, number // steps[2]] = self._thinned(raw, steps)
            stream.read(1)  # at its end, a stream's checksum is compared
        if array.dtype.kind == "f":
            require_finite(self.path, array)
        return array

    def _thinned(self, raw: bytes, steps: Sequence[int]) -> np.ndarray:
        """Every so many-th voxel of a plane, ``[X', Y']``."""
        plane = np.frombuffer(raw, self.header.get_data_dtype())
        plane = plane.reshape(self.grid.shape[:2], order="F")[:: steps[0], :: steps[1]]
        slope, intercept = self._scaling()
        if (slope, intercept) == (1, 0):
            return plane
        scaled: np.ndarray = plane * np.float64(slope) + intercept
        return scaled

    def _strided_type(self) -> np.dtype:
        dtype: np.dtype = self.header.get_data_dtype().newbyteorder("=")
        if dtype.kind in "iu" and self._scaling() == (1, 0):
            return dtype
        return np.dtype(np.float32)

    def _scaling(self) -> tuple[float, float]:
        """What voxels are multiplied with, and what is added then."""
        slope, intercept = self.header.get_slope_inter()
        return slope or 1.0, intercept or 0.0

    def array(self, blocks: Iterable[Block] | None = None) -> np.ndarray:
        """Read all voxels.

        Args:
            blocks: Those of the file, once they were looked at; None for `blocks`.

        Returns:
            Float32 ``[X, Y, Z, …]``, of which the first axis runs fastest.

        Raises:
            DataError: As `blocks`.
        """
        shape = (*self.grid.shape, *self.channels)
        array = np.empty(shape, np.float32, order="F")
        channels = array.reshape(-1, math.prod(self.channels), order="F")
        for block in blocks or self.blocks():
            channels[block.place, block.channel] = block.values
        return array


def nifti_blocks(path: Path) -> NiftiBlocks:
    """Open a file, and read its header alone.

    Raises:
        DataError: The file is missing or no NIfTI file, or its header says what
            `tfuq.data.readers.nifti.read_nifti` does not take.
    """
    if not path.is_file():
        raise missing_file(path)
    with naming_damage(path, nifti.KIND):
        with _content(path) as stream:
            start = up_to(stream, nifti.LONGEST_HEADER)
        header = nifti.header_of(start)
        nifti.needed_bytes(header)
        shape = header.get_data_shape()
        grid = _grid(path, header, shape)
    return NiftiBlocks(path=path, grid=grid, channels=_channels(shape), header=header)


def _grid(path: Path, header: nibabel.Nifti1Header, shape: tuple[int, ...]) -> Volume:
    affine = header.get_best_affine()
    require_affine(affine)
    spatial = SpatialHeader.of_file(header)
    affine = nifti.in_millimetres(affine, spatial.millimetres)
    require_affine(affine)
    nifti.require_one_place(path, spatial, min(len(shape), 3))
    three = (*shape, 1)[:3]
    return Volume(np.broadcast_to(np.uint8(0), three), affine, spatial)


def _channels(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes after the third, as `tfuq.data.readers.nifti.read_nifti` has them."""
    if len(shape) < 5:
        return shape[3:]
    channels = math.prod(shape[3:])
    if channels == 1:
        return ()
    return (channels,)


@contextmanager
def _content(path: Path) -> Iterator[Stream]:
    """The content of a file, decompressed where it is compressed."""
    with path.open("rb") as file:
        is_compressed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if not is_compressed:
            yield file
            return
        with naming_damage(path, nifti.KIND):
            stream = decompressed(file)
        with stream:
            yield stream
