"""Files and folders until they are whole: they have names of their own, and are listed as such."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfuq.data import disk
from tfuq.data.ledger import ACTIVE, CLEARED, add_entries, unfinished_entry
from tfuq.data.removal import remove_leftovers
from tfuq.errors import TfuqError


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        TfuqError: It cannot be made there.
    """
    try:
        disk.make_folders(path)
    except OSError as error:
        raise TfuqError(
            f"{path}: folder cannot be made ({error.strerror}); choose a place that can be written"
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Within the block, errors of the file system are those of a path that cannot be written.

    Raises:
        TfuqError: It cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise TfuqError(
            f"{path}: cannot be written ({reason}); free space or choose another place"
        ) from error


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield the name that a file or a folder has until it is whole.

    What has it when the block ends is removed.
    """
    if _absolute(path.parent) not in CLEARED:  # to look at all that lies there takes time
        remove_leftovers(path.parent)
    name = free_name(path)
    add_entries(path.parent, [unfinished_entry(name.name)], flushed=False)
    ACTIVE.add(_absolute(name))
    try:
        yield name
    finally:
        ACTIVE.discard(_absolute(name))
        if os.path.lexists(name):
            remove_leftovers(path.parent)


def is_in_unfinished(path: Path) -> bool:
    """Whether a path is in a folder that this process writes at this time."""
    return any(folder in ACTIVE for folder in _absolute(path).parents)


def free_name(path: Path) -> Path:
    """A name beside ``path`` that nothing has which this process writes at this time.

    Threads may write one file at once.
    """
    name = f".{path.name}.{os.getpid()}"
    candidate = path.with_name(f"{name}.part")
    for number in itertools.count(1):
        if _absolute(candidate) not in ACTIVE:
            break
        candidate = path.with_name(f"{name}-{number}.part")
    return candidate


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))
