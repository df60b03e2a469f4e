"""What is tfuq's own, and so may be replaced or removed.

Everything else is somebody else's and stays. A file is tfuq's own if it is a regular file, not a
link, whose folder's list (see `tfuq.data.ledger`) holds its digest under its name. A file that was
changed since it was written is therefore the user's.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from tfuq.data.disk import open_regular
from tfuq.data.ledger import (
    Ledger,
    add_entries,
    file_entry,
    has_ledger,
    is_left,
    read_ledger,
    unfinished_entry,
)
from tfuq.errors import RunError

# See `tfuq.data.locks`.
LOCK = ".lock"
OWNER = ".lock.owner"
TAKEOVER = ".lock.takeover"
CLAIM = ".claim"  # ending of the files of `tfuq.data.claims`
REMEDY = "move it away, or choose another place to write to"
UNFINISHED = ".part"
_BLOCK = 2**20  # bytes read at once
Signature = tuple[int, ...]


def digest_of(path: Path) -> str:
    """SHA-256 of a regular file.

    Raises:
        OSError: it cannot be read. RunError: it is a link or a device.
    """
    with open_regular(path, os.O_RDONLY) as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
        return digest.hexdigest()


def is_ours(path: Path, ledger: Ledger | None = None) -> bool:
    """Whether tfuq wrote a file, and nobody changed it since.

    ``ledger`` is its folder's, where that was read.
    """
    ledger = ledger or read_ledger(path.parent)
    known = ledger.digests.get(path.name)
    if not known:
        return _is_log_of_dead_process(path, ledger)
    try:
        return digest_of(path) in known
    except (OSError, RunError):
        return False


def _is_log_of_dead_process(path: Path, ledger: Ledger) -> bool:
    """Whether it was still being added to when the process that began it ended; see `begin_log`."""
    process = ledger.unfinished.get(path.name)
    if process is None or path.name.endswith(UNFINISHED) or not is_left(path, process):
        return False
    return path.is_file() and not path.is_symlink()


def take_over(folder: Path, names: Iterable[str]) -> None:
    """List files that a version without lists wrote, in a folder without one.

    The caller has made sure of what they are.

    Raises:
        OSError: the list cannot be written. RunError: a file is a link or a device.
    """
    if not has_ledger(folder):
        add_entries(folder, [file_entry(name, digest_of(folder / name)) for name in names])


def note(path: Path) -> None:
    """List a file that was written in its place and is complete.

    Another library wrote it, or it was written piece by piece.

    Raises:
        OSError: the list cannot be written. RunError: the file is a link or a device.
    """
    add_entries(path.parent, [file_entry(path.name, digest_of(path))])


def begin_log(path: Path) -> None:
    """List a file that is about to be made, and added to under its final name.

    `note` lists it as it is in the end. Where that never comes, as of a process that was killed,
    the file is tfuq's own once the process has ended.

    Raises:
        OSError: the list cannot be written. RunError: its name is taken by something else.
    """
    add_entries(path.parent, [unfinished_entry(path.name)])


def require_log(path: Path) -> None:
    """Refuse to go on with a file that is added to where something else lies.

    The caller holds the folder. So the process that began the file, perhaps on another host, writes
    it no more.

    Raises:
        RunError: what lies there is not tfuq's own.
    """
    if path.name in read_ledger(path.parent).unfinished:
        require_place_of_file(path)
        return
    require_replaceable(path)


def require_replaceable(path: Path, digest: str | None = None) -> None:
    """Refuse to write a file where something lies that is not tfuq's own.

    Args:
        path: the file's place.
        digest: SHA-256 of what is to be written; a file that holds the same may be replaced.

    Raises:
        RunError: what lies there is not tfuq's own.
    """
    reason = hindrance(path, digest)
    if reason:
        raise RunError(f"{path}: {reason}; {REMEDY}")


def require_same_output(path: Path, begins: bytes) -> None:
    """Refuse to write a file that the user named where another output lies, tfuq's own or not.

    Args:
        path: the file's place.
        begins: what every earlier output of the same command begins with.

    Raises:
        RunError: something else lies there.
    """
    require_replaceable(path)
    if not path.exists():
        return
    with open_regular(path, os.O_RDONLY) as file:
        if file.read(len(begins)) != begins:
            raise RunError(f"{path}: is another output of tfuq, and is left alone; {REMEDY}")


def require_place_of_file(path: Path) -> None:
    """Refuse to write a file where a link, a folder, a device or the like lies.

    Raises:
        RunError: there is such a thing.
    """
    reason = _other_than_file(path)
    if reason:
        raise RunError(f"{path}: {reason}; {REMEDY}")


def _other_than_file(path: Path) -> str | None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISLNK(mode):
        return "is a link, and tfuq replaces no links"
    if stat.S_ISDIR(mode):
        return "is a folder, where tfuq would write a file"
    if not stat.S_ISREG(mode):
        return "is no regular file, and tfuq replaces regular files alone"
    return None


def hindrance(path: Path, digest: str | None) -> str | None:
    """Why a file cannot be replaced; None where it can, or where there is none."""
    other = _other_than_file(path)
    if (
        other
        or not path.exists()
        or is_ours(path)
        or (digest is not None and digest_of(path) == digest)
    ):
        return other
    if path.name in read_ledger(path.parent).digests:
        return "was changed since tfuq wrote it, and is left alone"
    return (
        "was not written by tfuq, or by a version that kept no list of its files, and is left alone"
    )


def signature(path: Path) -> Signature | None:
    """What tells whether a file was changed meanwhile; None where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns
