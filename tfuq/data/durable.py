"""Flushing to disk, so that what a rename promises is there after a loss of power too."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_AT_ONCE = 16  # flushes that share one commit of the file system
_UNSERVED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)  # by file systems that cannot flush a folder


def flush(paths: Iterable[Path]) -> None:
    """Flush files and folders to disk.

    Raises:
        OSError: one cannot be flushed.
    """
    paths = list(paths)
    if len(paths) == 1:
        _flush_one(paths[0])
    elif paths:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(_flush_one, paths))


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flush_open(descriptor)
    finally:
        os.close(descriptor)


def flush_open(descriptor: int) -> None:
    """Flush an open file to disk.

    Raises:
        OSError: it cannot be flushed.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSERVED:
            raise
