"""Compressed files, of which no more is decompressed than is wanted."""

from __future__ import annotations

import gzip
import os
import zlib
from typing import BinaryIO, Protocol, cast

from isal import igzip, isal_zlib

GZIP = b"\x1f\x8b"  # how a compressed file begins
_ISAL_ERROR = cast(type[Exception], isal_zlib.error)  # of which the stubs have an instance
DAMAGE = (EOFError, zlib.error, _ISAL_ERROR)  # what a damaged stream raises, beside an OSError
# Python's gzip takes the zeros that may follow the content one by one.
_MOST_ZEROS = 2**16
_CHUNK = 2**20
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes; none at the end."""


def decompressed(file: BinaryIO, start: int = 0) -> gzip.GzipFile:
    """The content of an open file.

    Args:
        file: The file.
        start: The byte at which the compressed part begins.

    Raises:
        ValueError: More zeros follow the content than the blocks of a tape leave.
    """
    size = file.seek(0, os.SEEK_END)
    if size > _MOST_ZEROS:
        file.seek(size - _MOST_ZEROS)
        if not any(file.read(_MOST_ZEROS)):
            raise ValueError(f"more than {_MOST_ZEROS} zeros follow its content")
    file.seek(start)
    stream: gzip.GzipFile = igzip.IGzipFile(fileobj=file, mode="rb")
    return stream


def up_to(stream: Stream, count: int) -> bytes:
    """Read so many bytes of a stream, or as many as there are.

    Memory follows what is there, as a header may claim anything.
    """
    chunks = []
    while count > 0:
        chunk = stream.read(min(count, _CHUNK))
        if not chunk:
            break
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


def inflated(file: BinaryIO, count: int) -> bytes:
    """Decompress a zlib or gzip stream that begins where the file is.

    Args:
        file: The file.
        count: The most bytes to return. At its end, the stream's checksum is compared.

    Raises:
        ValueError: The stream ends too early.
        zlib.error: It is damaged.
    """
    decoder = zlib.decompressobj(_ZLIB_OR_GZIP)
    chunks = []
    while count > 0 and not decoder.eof:
        source = decoder.unconsumed_tail or file.read(_CHUNK)
        if not source:
            raise ValueError("its compressed voxels end too early")
        chunk = decoder.decompress(source, min(count, _CHUNK))
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)
