"""Arrays in ``.npz`` files, believed only as far as the file bears them out."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Literal

import numpy as np

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.errors import RunError

_MOST_ARRAYS = 100_000
_HEADER_BYTES = 2**16
_CHUNK = 2**20
_MOST_REASON = 160  # characters of an error that a message quotes
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)


def read_arrays(source: Path | bytes, path: Path, remedy: str) -> dict[str, np.ndarray]:
    """Read every array of an ``.npz``.

    Nothing is allocated before its size is known to be true and to fit.

    Args:
        source: The file, or its content.
        path: The file, for messages.
        remedy: What the user can do where it does not read.

    Returns:
        Arrays by name, as ``numpy.savez`` was given them.

    Raises:
        RunError: Damaged, not arrays, or larger than memory.
    """
    try:
        with _opened(source) as archive:
            return _arrays_of(archive)
    except MemoryShortageError as error:
        raise RunError(f"{path}: {error}") from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:_MOST_REASON] or type(error).__name__
        raise RunError(f"{path}: cannot be read as arrays ({reason}); {remedy}") from error


def _opened(source: Path | bytes) -> zipfile.ZipFile:
    if isinstance(source, bytes):
        return zipfile.ZipFile(io.BytesIO(source))
    return zipfile.ZipFile(source)


def _arrays_of(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    entries = archive.infolist()
    if len(entries) > _MOST_ARRAYS:
        raise ValueError(f"it holds {len(entries)} arrays, more than {_MOST_ARRAYS}")
    total = sum(entry.file_size for entry in entries)
    require_memory([total], 1, "bytes of arrays")
    arrays = {}
    for entry in entries:
        arrays[entry.filename.removesuffix(".npy")] = _array(archive, entry)
    return arrays


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    name = f"{entry.filename:.80}"
    with archive.open(entry) as stream:
        shape, is_fortran, dtype = _header(stream)
        if dtype.hasobject:
            raise ValueError(f"'{name}' holds objects, which are not read")
        count = math.prod(shape) * dtype.itemsize
        if count > entry.file_size:
            raise ValueError(f"'{name}' claims {count} bytes and has {entry.file_size}")
        content = _content(stream, count)
    if len(content) != count:
        raise ValueError(f"'{name}' has other than the {count} bytes that it claims")
    order: Literal["C", "F"] = "C"
    if is_fortran:
        order = "F"
    array: np.ndarray = np.frombuffer(content, dtype)
    return array.reshape(shape, order=order)


def _content(stream: IO[bytes], count: int) -> bytearray:
    """Read to the end, where the checksum is compared, or until there are too many bytes."""
    content = bytearray()
    while chunk := stream.read(_CHUNK):
        content += chunk
        if len(content) > count:
            break
    return content


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream, max_header_size=_HEADER_BYTES)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream, max_header_size=_HEADER_BYTES)
    raise ValueError(f"its arrays are of version {version}, which tfuq does not write")
