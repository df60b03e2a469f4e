"""Arrays in ``.npz`` files, believed only as far as the file bears them out."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfuq.data.budget import MemoryShortageError, require_memory
from tfuq.errors import RunError

_MOST_ARRAYS = 100_000
_HEADER_BYTES = 2**16
_CHUNK = 2**20
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, NotImplementedError, RuntimeError,
               zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error)  # fmt: skip


def read_arrays(source: Path | bytes, where: Path, remedy: str) -> dict[str, np.ndarray]:
    """Read every array of an ``.npz``; nothing is allocated before its size is known to be true and to fit.

    Args:
        source: The file, or its content.
        where: The file, for messages.
        remedy: What the user can do where it does not read.

    Returns:
        Arrays by name, as ``numpy.savez`` was given them.

    Raises:
        RunError: damaged, not arrays, or larger than memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            members = archive.infolist()
            if len(members) > _MOST_ARRAYS:
                raise ValueError(f"it holds {len(members)} arrays, more than {_MOST_ARRAYS}")
            require_memory([sum(member.file_size for member in members)], 1, "bytes of arrays")
            return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}
    except MemoryShortageError as error:
        raise RunError(f"{where}: {error}") from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise RunError(f"{where}: cannot be read as arrays ({reason}); {remedy}") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as stream:
        shape, is_fortran, dtype = _header(stream)
        if dtype.hasobject:
            raise ValueError(f"'{member.filename:.80}' holds objects, which are not read")
        count = math.prod(shape) * dtype.itemsize
        if count > member.file_size:
            raise ValueError(f"'{member.filename:.80}' claims {count} bytes and has {member.file_size}")
        content = bytearray()
        while chunk := stream.read(_CHUNK):  # to the end, where the checksum is compared
            content += chunk
            if len(content) > count:
                break
    if len(content) != count:
        raise ValueError(f"'{member.filename:.80}' has other than the {count} bytes that it claims")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream, max_header_size=_HEADER_BYTES)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream, max_header_size=_HEADER_BYTES)
    raise ValueError(f"its arrays are of version {version}, which tfuq does not write")
