"""A folder that one process writes at a time, or that several write while they hold it in turn."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import psutil
import pydantic

from tfuq.data import disk
from tfuq.data.host import this_host
from tfuq.data.ledger import CLEARED
from tfuq.data.ownership import LOCK, OWNER, TAKEOVER
from tfuq.data.removal import remove_leftovers
from tfuq.data.writers import make_folder
from tfuq.errors import RunError

_MOST_BYTES = 4096  # of the file that names the owner
_START_TOLERANCE = 1.0  # seconds; the system's clock may be set while a process runs
_PAUSE = 0.1  # seconds
_MOST_WAIT = 60.0  # seconds
SILENCE = 900.0  # seconds, after which an owner of another host counts as ended
_TOUCHED_EVERY = 30.0  # seconds


@contextmanager
def exclusive(folder: Path, doing: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a folder as `locked` does, and be the only process that writes there meanwhile.

    What a killed process left unfinished in the folder is removed.

    Args:
        folder: It is made if it is not there.
        doing: What is done to the folder, such as ``"training"``, for the message to another
            process.
        wait: Wait for another process, as `locked` does.

    Raises:
        RunError: another process holds it, or it cannot be written.
    """
    with locked(folder, doing, wait=wait), cleared(folder, is_alone=True):
        yield


@contextmanager
def locked(folder: Path, doing: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a folder while the block runs; the lock ends with the process, however that ends.

    The lock is one of the operating system, on the file `LOCK`. Some network file systems serve no
    such locks. There a file `OWNER` names the host, the process and when the process began, and is
    touched again and again. Once that process has ended, the next one takes over: at once on the
    same host, and after `SILENCE` without a touch on another one.

    Args:
        folder: It is made if it is not there.
        doing: What is done to the folder, for the message to another process.
        wait: Wait until another process lets the folder go, which is to be a matter of moments; for
            a minute at the most.

    Raises:
        RunError: another process holds it, or it cannot be written.
    """
    make_folder(folder)
    deadline = time.monotonic()
    if wait:
        deadline += _MOST_WAIT
    with _opened(folder) as descriptor:
        if _is_locked(descriptor, folder, doing, deadline):
            yield
            return
        with _owned(folder, doing, deadline):
            yield


@contextmanager
def cleared(folder: Path, *, is_alone: bool) -> Iterator[None]:
    """Remove what killed processes left in a folder, once, instead of before each new file.

    Args:
        folder: A folder that this process holds when the block begins.
        is_alone: Whether no other process writes there. Then what processes of other hosts left is
            removed too.
    """
    remove_leftovers(folder, held=is_alone)
    path = Path(os.path.abspath(folder))
    CLEARED.add(path)
    try:
        yield
    finally:
        CLEARED.discard(path)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The lock's file, which is not followed if it is a link, and whose content stays."""
    try:
        file = disk.open_regular(folder / LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise _cannot_be_written(folder, error) from error
    with file:
        yield file.fileno()


def _is_locked(descriptor: int, folder: Path, doing: str, deadline: float) -> bool:
    """Take the operating system's lock; False where the file system serves none."""
    while True:
        try:
            return disk.lock(descriptor, wait=False)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                remedy = "wait for it to end, or choose another folder"
                raise RunError(f"{folder}: another process is {doing} it; {remedy}") from error
        time.sleep(_PAUSE)


@dataclass(frozen=True, kw_only=True)
class _Owner:
    """A process.

    Attributes:
        host: The host, and the container by its space of process numbers.
        pid: The number of the process, which another process may have later.
        started: When the process began, in seconds since 1970.
    """

    host: str
    pid: int
    started: float

    @classmethod
    def this(cls) -> _Owner:
        started = psutil.Process().create_time()
        return cls(host=this_host(), pid=os.getpid(), started=started)

    @property
    def has_ended(self) -> bool:
        """Whether it is known to have ended. That is not known of a process of another host."""
        if self.host != this_host():
            return False
        if not psutil.pid_exists(self.pid):
            return True
        try:
            started = psutil.Process(self.pid).create_time()
        except psutil.Error:  # it is another user's, or has just ended
            return False
        return abs(started - self.started) > _START_TOLERANCE


@contextmanager
def _owned(folder: Path, doing: str, deadline: float) -> Iterator[None]:
    """Hold the folder by a file that names this process."""
    while not _is_taken(folder):
        if time.monotonic() >= deadline:
            raise _owned_by_another(folder, doing)
        time.sleep(_PAUSE)
    ended = threading.Event()
    threading.Thread(target=_keep_fresh, args=(folder / OWNER, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        disk.remove(folder / OWNER)


def _keep_fresh(path: Path, ended: threading.Event) -> None:
    """Touch a file again and again, so that other hosts see that this process is there."""
    while not ended.wait(_TOUCHED_EVERY):
        with suppress(OSError):
            disk.touch(path)


def _is_taken(folder: Path) -> bool:
    """Make this process the owner; False if another one is."""
    if _is_made(folder, OWNER):
        return True
    owner = _read_owner(folder)
    if owner is None or not (owner.has_ended or _is_silent(folder, owner)):
        return False
    if not _is_made(folder, TAKEOVER):
        return False
    try:  # of several processes that see an ended owner, one replaces it
        if _read_owner(folder) == owner:
            disk.remove(folder / OWNER)
        return _is_made(folder, OWNER)
    finally:
        disk.remove(folder / TAKEOVER)


def _is_silent(folder: Path, owner: _Owner) -> bool:
    """Whether an owner of another host has not touched its file for long.

    Both times are the file system's, as the clocks of hosts may differ.
    """
    if owner.host == this_host():
        return False
    try:
        disk.touch(folder / LOCK)
        now = (folder / LOCK).stat().st_mtime
        return now - (folder / OWNER).stat().st_mtime > SILENCE
    except OSError:
        return False


def _is_made(folder: Path, name: str) -> bool:
    """Make a file that names this process; False if there is one."""
    path = folder / name
    try:
        with disk.open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
            return _names_this(file, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise _cannot_be_written(folder, error) from error


def _names_this(file: BinaryIO, path: Path) -> bool:
    try:
        disk.write(file, json.dumps(asdict(_Owner.this())).encode())
    except OSError:
        disk.remove(path)
        raise
    return True


def _read_owner(folder: Path) -> _Owner | None:
    """The process that the file names; None if the file is gone, or names none."""
    with suppress(OSError, ValueError, RunError):
        with disk.open_regular(folder / OWNER, os.O_RDONLY) as file:
            content = file.read(_MOST_BYTES)
        return pydantic.TypeAdapter(_Owner).validate_json(content)
    return None


def _owned_by_another(folder: Path, doing: str) -> RunError:
    owner = _read_owner(folder)
    process = "another process"
    if owner:
        process = f"process {owner.pid} of {owner.host}"
    files = OWNER
    if (folder / TAKEOVER).exists():
        files = f"{OWNER} and {TAKEOVER}"
    return RunError(
        f"{folder}: {process} is {doing} it (the file system has no locks, so {OWNER} says so); "
        f"wait for it to end, or remove {files} if it has ended"
    )


def _cannot_be_written(folder: Path, error: OSError) -> RunError:
    remedy = "free space or choose another place"
    return RunError(f"{folder}: cannot be written ({error.strerror}); {remedy}")
