"""Files compressed by gzip."""

from __future__ import annotations

import gzip
import os
from typing import BinaryIO

GZIP = b"\x1f\x8b"  # how a compressed file begins
# Python's gzip takes the zeros that may follow the content one by one.
_MOST_ZEROS = 2**16


def decompressed(file: BinaryIO) -> gzip.GzipFile:
    """The content of an open file, from its beginning.

    Raises:
        ValueError: More zeros follow the content than the blocks of a tape leave.
    """
    size = file.seek(0, os.SEEK_END)
    if size > _MOST_ZEROS:
        file.seek(size - _MOST_ZEROS)
        if not any(file.read(_MOST_ZEROS)):
            raise ValueError(f"more than {_MOST_ZEROS} zeros follow its content")
    file.seek(0)
    return gzip.GzipFile(fileobj=file)
