"""IDX files, the format of MNIST: a magic number, the dimensions, then the numbers, big-endian; plain or gzip."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.errors import DataError, missing_file

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 4
_CHUNK = 1 << 20
_ALWAYS_ALLOWED, _MOST_RATIO = 1 << 26, 200  # images deflate to a tenth; beyond 64 MiB a file of this ratio is a bomb
_READING_COPIES = 3  # of the content while it is read


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file, gzip recognised by its content, in its own shape and data type (native byte order).

    Memory grows with what the file really holds, never with what its header claims.

    Raises:
        DataError: missing, not IDX, truncated, empty dimensions, bytes beyond those its dimensions count, or larger than memory.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            size = path.stat().st_size
            if not is_gzip:
                return _parse(file, size)
            with gzip.GzipFile(fileobj=file) as inside:
                return _parse(inside, max(_ALWAYS_ALLOWED, size * _MOST_RATIO))
    except FileNotFoundError as error:
        raise missing_file(path) from error
    except MemoryShortageError as error:
        raise MemoryShortageError(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(f"{path}: not a readable IDX file ({reason}); replace it with an intact copy") from error


def _parse(file: BinaryIO, most_bytes: int) -> np.ndarray:
    """The array of an open stream that can hold at most ``most_bytes``; ValueError says what is wrong."""
    dtype, shape = _header(file)
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > most_bytes:
        raise ValueError(f"its dimensions {shape} claim {claimed} bytes, more than the file can hold")
    require_memory(shape, _READING_COPIES * dtype.itemsize, "numbers")
    content = _read_at_most(file, claimed + 1)
    if len(content) != claimed:
        what = "is truncated" if len(content) < claimed else "has bytes after the last number"
        raise ValueError(f"it {what}: its dimensions {shape} need exactly {claimed} bytes")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _header(file: BinaryIO) -> tuple[np.dtype, tuple[int, ...]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not 1 <= magic[3] <= _MOST_DIMENSIONS:
        raise ValueError(
            f"its magic number is 0x{magic.hex() or '0'}, which must be 0x0000, one of "
            f"{', '.join(f'{code:02x}' for code in _TYPES)}, and 01 to {_MOST_DIMENSIONS:02x} dimensions"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise ValueError("it ends within its dimensions")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    if 0 in shape:
        raise ValueError(f"its dimensions are {shape}, none of which may be 0")
    return np.dtype(_TYPES[magic[2]]), shape


def _read_at_most(file: BinaryIO, count: int) -> bytearray:
    """Up to ``count`` bytes by chunks: a single ``read(count)`` would set the memory aside before it looks."""
    content = bytearray()
    while len(content) < count and (chunk := file.read(min(_CHUNK, count - len(content)))):
        content += chunk
    return content
