"""Text files, read whole: regular ones alone, and only where they fit."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from tfuq.data.budget import require_memory

# Of a text while its lines and cells are made: a table is several times its file.
_CHARACTER_BYTES = 12


def read_plain_text(path: Path) -> str:
    """Read a UTF-8 file, without a byte order mark.

    Raises:
        OSError: It cannot be read, or is a device or a pipe, which may never end.
        UnicodeDecodeError: It is no text.
        DataError: It is larger than memory.
    """
    return read_plain_bytes(path).decode("utf-8-sig")


def read_plain_bytes(path: Path, working_bytes: int = _CHARACTER_BYTES) -> bytes:
    """Read the bytes of a file.

    Args:
        path: The file.
        working_bytes: The most memory that each of its bytes takes while it is worked on.

    Raises:
        OSError: As `read_plain_text`.
        DataError: As `read_plain_text`.
    """
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    require_memory([state.st_size], working_bytes, "bytes of a file")
    with path.open("rb") as file:
        return file.read(state.st_size)
