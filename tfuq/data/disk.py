"""Every change that tfuq makes to files and folders goes through these functions.

So does every flush and lock. What a fault of the file system does to a command can therefore be
tested in one place. Libraries that write by themselves are named in
``tests/robustness/faults/test_seam.py``.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import filelock

from tfuq.errors import RunError

_AT_ONCE = 16  # flushes that share one commit of the file system
# Errors of file systems that cannot flush a folder.
_UNSERVED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
_BUFFERED = 2**20  # bytes that a stream writes together
_PAUSE = 0.01  # seconds between two looks at a lock that another process holds
# Windows has none of the first three; there a link is told by its path alone. The last is Windows'
# own: without it, ends of lines are changed.
_ALWAYS = 0
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _ALWAYS |= getattr(os, _flag, 0)
_ACCESS = os.O_WRONLY | os.O_RDWR  # the flags that say what a file is opened for
_MODE = 0o666  # less what the process's mask takes away


def open_regular(path: Path, flags: int) -> BinaryIO:
    """Open a regular file, not through a link, unbuffered.

    Args:
        path: The file.
        flags: Of `os.open`: ``O_RDONLY`` to read, ``O_WRONLY`` to write, ``O_RDWR`` for both.

    Raises:
        OSError: It cannot be opened. RunError: It is something else, such as a link or a device.
    """
    if path.is_symlink():
        raise _not_regular(path)
    descriptor = os.open(path, flags | _ALWAYS, _MODE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_regular(path)
    mode = {os.O_RDONLY: "rb", os.O_WRONLY: "wb"}.get(flags & _ACCESS, "r+b")
    return cast(BinaryIO, os.fdopen(descriptor, mode, buffering=0))


def _not_regular(path: Path) -> RunError:
    return RunError(
        f"{path}: is a link or a device, where tfuq keeps a file of its own; "
        "move it away, or choose another folder"
    )


def write(file: BinaryIO, content: bytes | memoryview) -> None:
    """Write all of some bytes to an unbuffered file.

    Raises:
        OSError: They cannot be written, or not all of them.
    """
    left = memoryview(content)
    while left:
        count = os.write(file.fileno(), left)
        if not count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[count:]


def write_file(path: Path, content: bytes) -> None:
    """Write a file anew.

    Raises:
        OSError: It cannot be written. RunError: A link or a device has its name.
    """
    with open_new(path) as file:
        write(file, content)


def open_new(path: Path) -> BinaryIO:
    """Open a file to write it anew; `write` writes to it.

    Raises:
        OSError: It cannot be opened. RunError: A link or a device has its name.
    """
    return open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


@contextmanager
def open_stream(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write it anew by what writes to objects that are like files.

    Raises:
        OSError: It cannot be opened or written. RunError: A link or a device has its name.
    """
    with open_new(path) as file, io.BufferedWriter(_Stream(file), _BUFFERED) as stream:
        yield stream


class _Stream(io.RawIOBase):
    """A file that writes by `write`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        view = memoryview(content)
        write(self._file, view)
        return len(view)


def open_log(path: Path) -> BinaryIO:
    """Open a file to add to, or make it.

    Raises:
        OSError: It cannot be opened. RunError: A link or a device has its name.
    """
    return open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def open_updated(path: Path) -> BinaryIO:
    """Open a file to read and to change, or make it.

    Raises:
        OSError: It cannot be opened. RunError: A link or a device has its name.
    """
    return open_regular(path, os.O_RDWR | os.O_CREAT)


def make_folders(path: Path) -> None:
    """Make a folder, and those above it, where there is none.

    Raises:
        OSError: It cannot be made.
    """
    os.makedirs(path, exist_ok=True)


def make_new_folder(path: Path) -> None:
    """Make a folder that is not there.

    Raises:
        OSError: It is there, or cannot be made.
    """
    os.mkdir(path)


def rename(path: Path, target: Path) -> None:
    """Give a file or a folder another name.

    A file, or an empty folder, that has the name is replaced.

    Raises:
        OSError: It cannot be renamed.
    """
    os.replace(path, target)


def touch(path: Path) -> None:
    """Give a file the present time of its file system.

    Raises:
        OSError: It is not there, or cannot be changed.
    """
    os.utime(path)


def remove(path: Path) -> None:
    """Remove a file or a link, if there is one.

    Raises:
        OSError: It cannot be removed.
    """
    with suppress(FileNotFoundError):
        os.unlink(path)


def remove_empty_folder(path: Path) -> None:
    """Remove a folder that holds nothing.

    Raises:
        OSError: It holds something, or cannot be removed.
    """
    os.rmdir(path)


def remove_folder(path: Path) -> None:
    """Remove a folder with all that lies in it. Links are not followed.

    Raises:
        OSError: A part of it cannot be removed.
    """
    shutil.rmtree(path)


def lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file for this process.

    Args:
        descriptor: Of the open file.
        wait: Wait until another process lets it go.

    Returns:
        False where the file system serves no locks.

    Raises:
        BlockingIOError: Another process holds it.
    """
    try:
        is_locked = filelock.lock_descriptor(descriptor, blocking=wait, poll_interval=_PAUSE)
    except OSError:
        return False
    if not is_locked:
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
    return True


def flush(paths: Iterable[Path]) -> None:
    """Flush files and folders to disk.

    What a rename promises is then there after a loss of power too.

    Raises:
        OSError: One cannot be flushed.
    """
    paths = list(paths)
    if len(paths) == 1:
        _flush_one(paths[0])
    elif paths:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(_flush_one, paths))


def _flush_one(path: Path) -> None:
    flags = os.O_RDONLY
    if sys.platform == "win32":
        if path.is_dir():
            return  # it opens no folder
        flags = os.O_RDWR  # it flushes what is open for writing alone
    descriptor = os.open(path, flags)
    try:
        flush_open(descriptor)
    finally:
        os.close(descriptor)


def flush_open(descriptor: int) -> None:
    """Flush an open file to disk.

    Raises:
        OSError: It cannot be flushed.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSERVED:
            raise
