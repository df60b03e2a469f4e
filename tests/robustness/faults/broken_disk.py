"""A file system that fails, or ends the process, at an operation of choice: it takes the place of the one in `tfuq.data.disk`."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from tfuq.data import disk

CHANGES = ("create", "write", "makedirs", "mkdir", "replace", "unlink", "rmdir", "rmtree", "fsync")
GROWING = ("create", "write", "makedirs", "mkdir", "replace")  # what needs room
FAULTS = {  # by name: its number, and the operations that fail with it
    "full": (errno.ENOSPC, GROWING),
    "read-only": (errno.EROFS, CHANGES),
    "vanished": (errno.ENOENT, ("read", *CHANGES)),
    "damaged": (errno.EIO, ("read", *CHANGES)),
    "without locks": (errno.ENOLCK, ("flock",)),
}


@dataclass(frozen=True)
class Plan:
    """What to do at which operations.

    Attributes:
        at: The number, from 1, of the first operation that something happens at, counted over those of ``operations``.
        operations: Names of those that are counted.
        fault: A name of `FAULTS`; None to kill the process.
        lasts: Whether every later operation fails too.
    """

    at: int
    operations: tuple[str, ...] = CHANGES
    fault: str | None = None
    lasts: bool = False


@dataclass
class BrokenDisk:
    """Counts operations below some folder, and fails by a plan; without one it only counts and notes what gets its name."""

    below: Path
    plan: Plan | None = None
    on_named: Callable[[Path], None] = lambda path: None
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._matching, self._lock = 0, threading.Lock()

    def install(self) -> None:
        """Take the place of the system's functions in `tfuq.data.disk`, in this process, for good."""
        disk.os, disk.shutil, disk.filelock = _Os(self), _Shutil(self), _Locks(self)

    def happens(self, operation: str) -> bool:
        """Count an operation; whether it is to go wrong."""
        with self._lock:
            self.counts[operation] = self.counts.get(operation, 0) + 1
            if self.plan is None or operation not in self.plan.operations:
                return False
            self._matching += 1
            return self._matching == self.plan.at or (
                self.plan.lasts and self._matching > self.plan.at
            )

    def go_wrong(self, path) -> None:
        """Raise the plan's error, or end this process."""
        if self.plan.fault is None:
            os.kill(os.getpid(), signal.SIGKILL)
        number, _ = FAULTS[self.plan.fault]
        raise OSError(number, os.strerror(number), str(path))


class _Os:
    """As the module `os`."""

    def __init__(self, broken: BrokenDisk):
        self._broken = broken

    def __getattr__(self, name: str):
        return getattr(os, name)

    def _before(self, operation: str, path) -> None:
        if self._broken.happens(operation):
            self._broken.go_wrong(path)

    def open(self, path, flags, *mode):
        self._before("create" if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) else "read", path)
        return os.open(path, flags, *mode)

    def write(self, descriptor, content):
        if self._broken.happens("write"):
            os.write(descriptor, content[: len(content) // 2])
            self._broken.go_wrong(os.readlink(f"/proc/self/fd/{descriptor}"))
        return os.write(descriptor, content)

    def makedirs(self, path, exist_ok):
        self._before("makedirs", path)
        os.makedirs(path, exist_ok=exist_ok)

    def mkdir(self, path):
        self._before("mkdir", path)
        os.mkdir(path)

    def replace(self, path, target):
        self._before("replace", target)
        os.replace(path, target)
        self._broken.on_named(Path(target))

    def unlink(self, path):
        self._before("unlink", path)
        os.unlink(path)

    def rmdir(self, path):
        self._before("rmdir", path)
        os.rmdir(path)

    def fsync(self, descriptor):
        self._before(
            "fsync", os.readlink(f"/proc/self/fd/{descriptor}")
        )  # no power is lost here, so nothing is flushed


class _Shutil:
    """As the module `shutil`."""

    def __init__(self, broken: BrokenDisk):
        self._broken = broken

    def rmtree(self, path):
        if self._broken.happens("rmtree"):
            files = sorted(path for path in Path(path).rglob("*") if path.is_file())
            for file in files[: len(files) // 2]:
                file.unlink()
            self._broken.go_wrong(path)
        shutil.rmtree(path)


class _Locks:
    """As the module `filelock`."""

    def __init__(self, broken: BrokenDisk):
        self._broken = broken

    def __getattr__(self, name: str):
        return getattr(filelock, name)

    def lock_descriptor(self, descriptor, **options):
        if self._broken.happens("flock"):
            self._broken.go_wrong(os.readlink(f"/proc/self/fd/{descriptor}"))
        return filelock.lock_descriptor(descriptor, **options)
