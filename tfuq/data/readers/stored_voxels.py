"""Voxels that follow a header in text, or lie in a file that the header names."""

from __future__ import annotations

import bz2
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

import numpy as np

from tfuq.data.budget import require_memory
from tfuq.data.readers.compressed import decompressed, inflated, up_to
from tfuq.errors import DataError

Encoding = Literal["raw", "gzip", "zlib", "bzip2", "text", "hex"]
AT_END = -1  # in place of the number of bytes before the voxels: they are the file's last ones
# A voxel as float32, and what checking it takes, beside the file's own bytes twice.
_READING_BYTES = 8
_TEXT_BYTES = 100  # that a written number takes while it is read
_LEAST_TEXT = 2  # characters of a number and what is between two
_HEX_DIGITS = 2  # of a byte


@dataclass(frozen=True, kw_only=True)
class StoredVoxels:
    """Where and how a file holds its voxels.

    Attributes:
        path: The file.
        start: The byte at which they begin, compressed or not; `AT_END` for the file's last ones.
        encoding: How they are written.
        dtype: Of a voxel, with its byte order.
        sizes: The length of every axis, the fastest first.
        skipped: How many bytes lie before them once they are decompressed.
    """

    path: Path
    start: int
    encoding: Encoding
    dtype: np.dtype
    sizes: tuple[int, ...]
    skipped: int = 0

    def read(self) -> np.ndarray:
        """Read the voxels as an array of ``sizes``, in the machine's byte order.

        Memory follows what the file holds, not what its header claims.

        Raises:
            MemoryShortageError: They do not fit into memory.
            ValueError: There are fewer of them, or they are damaged.
        """
        if not self.sizes or min(self.sizes) < 1:
            raise ValueError(f"its sizes are {self.sizes}, which must be above 0")
        require_memory(self.sizes, 2 * self.dtype.itemsize + _READING_BYTES)
        with self.path.open("rb") as file:
            values = self._values(file)
        array: np.ndarray = values.reshape(self.sizes, order="F")
        return array.astype(self.dtype.newbyteorder("="), copy=False)

    @property
    def _count(self) -> int:
        return int(np.prod(self.sizes, dtype=object))

    @property
    def _bytes(self) -> int:
        return self._count * self.dtype.itemsize

    def _values(self, file: BinaryIO) -> np.ndarray:
        if self.encoding == "text":
            return self._written_values(file)
        content = self._content(file)[self.skipped :]
        _require_size(len(content), self._bytes)
        return np.frombuffer(content, self.dtype, self._count)

    def _content(self, file: BinaryIO) -> bytes:
        wanted = self.skipped + self._bytes
        start = self.start
        size = self.path.stat().st_size
        if start == AT_END:
            start = max(size - self._bytes, 0)
        file.seek(start)
        # One byte more of a compressed stream: at its end, the checksum is compared.
        if self.encoding == "gzip":
            return up_to(decompressed(file, start), wanted + 1)
        if self.encoding == "zlib":
            return inflated(file, wanted + 1)
        if self.encoding == "bzip2":
            return up_to(bz2.BZ2File(file), wanted + 1)
        if self.encoding == "hex":
            _require_size((size - start) // _HEX_DIGITS, wanted)
            return bytes.fromhex(file.read().decode("ascii"))
        _require_size(size - start, wanted)
        return up_to(file, wanted)

    def _written_values(self, file: BinaryIO) -> np.ndarray:
        size = self.path.stat().st_size - self.start
        _require_size(size + 1, self._count * _LEAST_TEXT)
        require_memory([size], _TEXT_BYTES, "characters")
        file.seek(self.start)
        written = file.read().split()
        if len(written) < self._count:
            raise ValueError(f"its header claims {self._count} numbers, and it has {len(written)}")
        if self.dtype.kind == "f":
            return np.array(list(map(float, written[: self._count])), self.dtype)
        return np.array(list(map(int, written[: self._count])), self.dtype)


def _require_size(present: int, needed: int) -> None:
    if present < needed:
        raise ValueError(
            f"its header claims {needed} bytes of voxels, more than the {max(present, 0)} there are"
        )


def file_beside(header: Path, name: str) -> Path:
    """The file of voxels that a header names.

    It lies in the header's folder or below. A header may come from anybody, and names no file
    elsewhere on the disk.

    Args:
        header: The header's file.
        name: As the header has it.

    Raises:
        DataError: It would lie elsewhere, or is not there.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise DataError(
            f"its voxels are said to be in '{name}', outside of its folder, where tfuq does not "
            "look; put that file beside it and write its name alone"
        )
    path = header.parent / relative
    if not path.is_file():
        raise DataError(
            f"its voxels are in '{name}', which is not there; put that file beside it, "
            "as both belong together"
        )
    return path
