"""IDX files, the format of MNIST: a magic number, the dimensions, then the numbers.

They are big-endian, plain or gzip.
"""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.compressed import DAMAGE, GZIP, decompressed
from tfuq.errors import DataError, missing_file

if TYPE_CHECKING:
    import numpy as np
else:
    np = ModuleOnUse("numpy")

_Stream = BinaryIO | gzip.GzipFile
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 4
_MOST_REASON = 160  # characters of an error that a message quotes
_CHUNK = 1 << 20
# Images deflate to a tenth. Beyond 64 MiB, a file that grows by more than this factor is a bomb.
_ALWAYS_ALLOWED = 1 << 26
_MOST_RATIO = 200
_READING_COPIES = 3  # of the content while it is read


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file; gzip is recognised by its content.

    Memory grows with what the file really holds, never with what its header claims.

    Returns:
        The array in its own shape and data type, in native byte order.

    Raises:
        DataError: Missing, not IDX, truncated, empty dimensions, bytes beyond those that its
            dimensions count, or larger than memory.
    """
    with _opened(path) as (content, most_bytes):
        return _parse(content, most_bytes)


def read_idx_count(path: Path) -> int:
    """Read how many items an IDX file says it holds, which is its first dimension.

    Of the file, only the header is read.

    Raises:
        DataError: Missing, not IDX, or empty dimensions.
    """
    with _opened(path) as (content, _):
        _, shape = _header(content)
        return shape[0]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[_Stream, int]]:
    """The content of a file, and how many bytes it can hold at most.

    Raises:
        DataError: It is missing, or found to be wrong within the block.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(len(GZIP)) == GZIP
            file.seek(0)
            size = path.stat().st_size
            if not is_gzip:
                yield file, size
                return
            with decompressed(file) as content:
                yield content, max(_ALWAYS_ALLOWED, size * _MOST_RATIO)
    except FileNotFoundError as error:
        raise missing_file(path) from error
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except (OSError, ValueError, *DAMAGE) as error:
        reason = " ".join(str(error).split())[:_MOST_REASON]
        raise DataError(
            f"{path}: not a readable IDX file ({reason}); replace it with an intact copy"
        ) from error


def _parse(file: _Stream, most_bytes: int) -> np.ndarray:
    """The array of an open stream that can hold at most ``most_bytes``.

    Raises:
        ValueError: It is damaged.
    """
    type_name, shape = _header(file)
    dtype = np.dtype(type_name)
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > most_bytes:
        raise ValueError(
            f"its dimensions {shape} claim {claimed} bytes, more than the file can hold"
        )
    require_memory(shape, _READING_COPIES * dtype.itemsize, "numbers")
    content = _read_at_most(file, claimed + 1)
    if len(content) != claimed:
        fault = "has bytes after the last number"
        if len(content) < claimed:
            fault = "is truncated"
        raise ValueError(f"it {fault}: its dimensions {shape} need exactly {claimed} bytes")
    array = np.frombuffer(content, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _header(file: _Stream) -> tuple[str, tuple[int, ...]]:
    """The name of the numbers' type, and the dimensions."""
    magic = file.read(4)
    if not _is_magic(magic):
        types = ", ".join(f"{code:02x}" for code in _TYPES)
        raise ValueError(
            f"its magic number is 0x{magic.hex() or '0'}, which must be 0x0000, one of "
            f"{types}, and 01 to {_MOST_DIMENSIONS:02x} dimensions"
        )
    dimensions = magic[3]
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise ValueError("it ends within its dimensions")
    shape = struct.unpack(f">{dimensions}I", sizes)
    if 0 in shape:
        raise ValueError(f"its dimensions are {shape}, none of which may be 0")
    return _TYPES[magic[2]], shape


def _is_magic(magic: bytes) -> bool:
    """Whether it is two zeros, a known type and a number of dimensions."""
    if len(magic) < 4 or magic[:2] != b"\0\0":
        return False
    return magic[2] in _TYPES and 1 <= magic[3] <= _MOST_DIMENSIONS


def _read_at_most(file: _Stream, count: int) -> bytearray:
    """Read up to ``count`` bytes.

    A single ``read(count)`` would set the memory aside before it looks, so they come by chunks.
    """
    content = bytearray()
    while len(content) < count:
        chunk = file.read(min(_CHUNK, count - len(content)))
        if not chunk:
            break
        content += chunk
    return content
