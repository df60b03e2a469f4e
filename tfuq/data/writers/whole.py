"""Files and folders that take their names when they are whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfuq.data import disk
from tfuq.data.ledger import (
    LEDGER,
    add_entries,
    file_entry,
    kind_entry,
    read_ledger,
    unfinished_entry,
)
from tfuq.data.ownership import REMEDY, digest_of, require_place_of_file, require_replaceable
from tfuq.data.paths import real_path
from tfuq.data.removal import Removal, plan_removal, remove_leftovers
from tfuq.data.writers.unfinished import (
    free_name,
    is_in_unfinished,
    make_folder,
    unfinished,
    writing,
)
from tfuq.errors import DataError, RunError


class FolderTakenError(DataError):
    """A folder that should have been new, and that holds something."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside a file to write to.

    It takes the final name only when the block ends without an error.

    Args:
        path: The file.

    Raises:
        RunError: Something that is not tfuq's own lies there.
        TfuqError: It cannot be written.
    """
    make_folder(path.parent)
    if is_in_unfinished(path):
        with writing(path):
            yield path
        return
    require_place_of_file(path)
    with writing(path), unfinished(path) as draft:
        yield draft
        digest = digest_of(draft)
        require_replaceable(path, digest)
        disk.flush([draft])
        add_entries(path.parent, [file_entry(path.name, digest)])
        disk.rename(draft, path)
        disk.flush([path.parent])


@contextmanager
def whole_folder(path: Path, kind: str) -> Iterator[Path]:
    """Yield a folder to fill; it takes its final name when the block ends without an error.

    It may take the place of one that was written whole as the same kind, and that nobody has put
    anything into since.

    Args:
        path: The folder.
        kind: What it is, such as ``case``.

    Raises:
        RunError: Something that is not tfuq's own lies there.
        TfuqError: It cannot be written.
    """
    make_folder(path.parent)
    plan_replacement(path, kind)
    with writing(path), unfinished(path) as draft:
        disk.make_new_folder(draft)
        yield draft
        _seal(draft, kind)
        _put_in_place(draft, path, plan_replacement(path, kind))
        disk.flush([path.parent])


@contextmanager
def new_folder(path: Path, kind: str) -> Iterator[Path]:
    """Yield a folder to fill; it takes its final name when the block ends without an error.

    Args:
        path: The folder, which is new or empty.
        kind: What it is, such as ``data set``.

    Raises:
        FolderTakenError: A folder that holds something has the name, perhaps only since the block
            began.
        RunError: A file has the name.
        TfuqError: It cannot be written.
    """
    path = real_path(path)
    make_folder(path.parent)
    _require_no_file(path)
    with writing(path), unfinished(path) as draft:
        disk.make_new_folder(draft)
        yield draft
        _seal(draft, kind)
        try:
            disk.rename(draft, path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise FolderTakenError(f"{path}: is not empty; choose a new folder") from error
            raise
        disk.flush([path.parent])


def move_whole(source: Path, path: Path, kind: str) -> None:
    """Give a folder that was written whole another place on the same file system.

    Args:
        source: The folder.
        path: Its place. A folder of the same kind may be there, as for `whole_folder`.
        kind: What it is, such as ``case``.

    Raises:
        RunError: Something that is not tfuq's own lies there.
        TfuqError: It cannot be moved.
    """
    make_folder(path.parent)
    with writing(path):
        _put_in_place(source, path, plan_replacement(path, kind))
        disk.flush([path.parent])


def _seal(root: Path, kind: str) -> None:
    """List every file of a folder that is whole, and flush it."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != LEDGER)
    folders = [root, *sorted(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        entries = []
        if folder == root:
            entries.append(kind_entry(kind))
        for path in files:
            if path.parent == folder:
                entries.append(file_entry(path.name, digest_of(path)))
        add_entries(folder, entries, flushed=False)
    lists = [folder / LEDGER for folder in folders]
    disk.flush([*files, *lists, *reversed(folders)])


def plan_replacement(path: Path, kind: str) -> Removal | None:
    """Plan what to remove so that another folder can have a name.

    Args:
        path: The name.
        kind: What the other folder is.

    Returns:
        None where nothing has the name, or an empty folder.

    Raises:
        RunError: Something that is not tfuq's own, or not of the same kind, has it.
    """
    if not os.path.lexists(path):
        return None
    _require_no_file(path)
    removal = plan_removal([path])
    removal.refuse_foreign([path])
    if not any(path.iterdir()):
        return None
    if read_ledger(path).kind != kind:
        raise RunError(f"{path}: holds something other than a {kind}; {REMEDY}")
    return removal


def _require_no_file(path: Path) -> None:
    """Refuse a folder's name that a link or a file has.

    Raises:
        RunError: One has it.
    """
    if path.is_symlink() or (os.path.lexists(path) and not path.is_dir()):
        raise RunError(f"{path}: is a link or a file, where tfuq would write a folder; {REMEDY}")


def _put_in_place(draft: Path, path: Path, removal: Removal | None) -> None:
    """Give a folder its final name, and remove the folder that had it."""
    if removal is None:
        disk.rename(draft, path)
        return
    aside = _set_aside(path)
    try:
        disk.rename(draft, path)
    except OSError:
        disk.rename(aside, path)
        raise
    removal.moved(path, aside).carry_out()


def _set_aside(path: Path) -> Path:
    """Give a folder a name under which it is removed, by a later process if this one is killed."""
    aside = free_name(path.with_name(f"{path.name}.old"))
    add_entries(path.parent, [unfinished_entry(aside.name, aside=True)], flushed=False)
    disk.rename(path, aside)
    return aside


def remove_whole(path: Path) -> None:
    """Remove a folder of tfuq's own, if there is one: it loses its name before any of its files.

    Raises:
        RunError: Something in it is not tfuq's own.
        TfuqError: It cannot be removed.
    """
    remove_leftovers(path.parent)
    if not os.path.lexists(path):
        return
    removal = plan_removal([path])
    removal.refuse_foreign([path])
    with writing(path):
        removal.moved(path, _set_aside(path)).carry_out()
