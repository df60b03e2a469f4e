"""Text files, read whole: regular ones alone, and only where they fit."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from tfuq.data.budget import require_memory

_CHARACTER_BYTES = 12  # of a text while its lines and cells are made: a table is several times its file


def read_plain_text(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises:
        OSError: it cannot be read, or is a device or a pipe, which may never end.
        UnicodeDecodeError: it is no text.
        DataError: it is larger than memory.
    """
    return read_plain_bytes(path).decode("utf-8-sig")


def read_plain_bytes(path: Path) -> bytes:
    """The bytes of a file of text; errors as `read_plain_text` has them."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    require_memory([state.st_size], _CHARACTER_BYTES, "bytes of text")
    with path.open("rb") as file:
        return file.read(state.st_size)
