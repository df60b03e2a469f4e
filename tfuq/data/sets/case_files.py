"""A preprocessed case in one file, from which it is mapped into memory.

The file has three arrays in NumPy's format ``.npy``, one after another: a head, the images and the
targets. The head is JSON with a checksum before it, and pads the file so that voxels are aligned.
"""

from __future__ import annotations

import functools
import json
import math
import mmap
import os
import tokenize
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydantic

from tfuq.data import disk
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.data.writers import whole_file, writing
from tfuq.errors import RunError

_ALIGNMENT = 64  # bytes
_CHECKSUM_DIGITS = 8  # of a CRC-32, in hexadecimal
_MOST_HEAD_BYTES = 2**24
_KINDS = "fiu"  # of numbers: an array of objects is never read
# What damage of a file ends in.
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    RunError,
)


@dataclass(frozen=True, kw_only=True)
class _Head:
    """The first array of a file.

    Attributes:
        identity: Of what the file was made of.
        checksum: CRC-32 of the images and targets.
        facts: As the case has them.
    """

    identity: str
    checksum: int
    facts: CaseFacts


@dataclass(frozen=True)
class _Stored:
    """Where an array lies in a file.

    Attributes:
        shape: Its shape.
        dtype: Its type.
        start: Its first byte.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    start: int

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.start + math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class CaseFile:
    """The file of one preprocessed case, which may not be there yet.

    A file that was made of something else, is cut off or damaged counts as one that is not there.

    Attributes:
        path: Of the file.
        identity: Of what it should be made of.
    """

    path: Path
    identity: str

    def write(self, prepared: Prepared) -> None:
        """Write the case; the file appears whole or not at all.

        Raises:
            TfuqError: It cannot be written.
        """
        arrays = [
            np.ascontiguousarray(prepared.examples.images),
            np.ascontiguousarray(prepared.examples.targets),
        ]
        head = _Head(identity=self.identity, checksum=_checksum(arrays), facts=prepared.facts)
        with writing(self.path):  # a damaged file would be taken for somebody else's
            disk.remove(self.path)
        with whole_file(self.path) as draft, disk.open_stream(draft) as stream:
            for array in (_packed(head), *arrays):
                np.lib.format.write_array(stream, array, allow_pickle=False)

    def facts(self) -> CaseFacts | None:
        """What is known of the case; None where there is no such file.

        Its voxels are not read.
        """
        with suppress(*_DAMAGE), disk.open_regular(self.path, os.O_RDONLY) as file:
            head, *_ = self._layout(file)
            return head.facts
        return None

    def examples(self, *, verify: bool) -> Examples | None:
        """The case's examples, mapped into memory; None where there is no such file.

        The file is mapped as long as an array of it is in use. So what has been looked at takes no
        memory that other programs need.

        Args:
            verify: Whether all voxels are read, to compare them with the checksum.
        """
        with suppress(*_DAMAGE), disk.open_regular(self.path, os.O_RDONLY) as file:
            head, *stored = self._layout(file)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            arrays = [_array(mapped, each) for each in stored]
            if not verify or _checksum(arrays) == head.checksum:
                return Examples(*arrays)
        return None

    def _layout(self, file: BinaryIO) -> tuple[_Head, _Stored, _Stored]:
        """The head, and where images and targets lie.

        Raises:
            ValueError: The file is damaged, or was made of something else.
        """
        place = _next_array(file, 0)
        if place.end > _MOST_HEAD_BYTES:
            raise ValueError("its head is too long")
        head = _unpacked(file.read(place.end - place.start))
        images = _next_array(file, place.end)
        targets = _next_array(file, images.end)
        if head.identity != self.identity:
            raise ValueError("it was made of something else")
        if targets.end != os.fstat(file.fileno()).st_size:
            raise ValueError("it is cut off")
        return head, images, targets


def _packed(head: _Head) -> np.ndarray:
    """The head as bytes, whose count is such that the next array is aligned."""
    text = json.dumps(asdict(head)).encode()
    checksum = f"{zlib.crc32(text):0{_CHECKSUM_DIGITS}x}".encode()
    content = checksum + text
    padding = b" " * (-len(content) % _ALIGNMENT)
    return np.frombuffer(content + padding, np.uint8)


def _unpacked(content: bytes) -> _Head:
    text = content[_CHECKSUM_DIGITS:].rstrip(b" ")
    if int(content[:_CHECKSUM_DIGITS], 16) != zlib.crc32(text):
        raise ValueError("its head is damaged")
    return _reader_of_heads().validate_json(text)


@functools.cache
def _reader_of_heads() -> pydantic.TypeAdapter[_Head]:
    """What checks heads; to make it takes as long as to cut a patch."""
    return pydantic.TypeAdapter(_Head)


def _next_array(file: BinaryIO, start: int) -> _Stored:
    """Read the head of the array that begins at a byte."""
    file.seek(start)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"its arrays are of version {version}")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if is_fortran or dtype.kind not in _KINDS:
        raise ValueError("it has other arrays")
    return _Stored(shape, dtype, file.tell())


def _array(mapped: mmap.mmap, stored: _Stored) -> np.ndarray:
    count = math.prod(stored.shape)
    return np.frombuffer(mapped, stored.dtype, count, stored.start).reshape(stored.shape)


def _checksum(arrays: list[np.ndarray]) -> int:
    checksum = 0
    for array in arrays:
        checksum = zlib.crc32(array.data, checksum)
    return checksum
