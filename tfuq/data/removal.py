"""Removing what is tfuq's own, and what processes left unfinished; everything else stays."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tfuq.data import disk
from tfuq.data.disk import open_regular
from tfuq.data.ledger import LEDGER, Ledger, Ready, add_entries, has_ledger, is_left, read_ledger
from tfuq.data.ownership import (
    CLAIM,
    LOCK,
    OWNER,
    REMEDY,
    TAKEOVER,
    UNFINISHED,
    Signature,
    digest_of,
    hindrance,
    is_ours,
    signature,
)
from tfuq.errors import RunError

_GOING = re.compile(r"\..+\.(old|removed)\.\d+(-\d+)?\.part")  # folders on their way out
_MOST_BYTES = 2**20  # of a file that names a process


@dataclass
class Removal:
    """What of some files and folders is tfuq's own, and what is not."""

    files: list[tuple[Path, Signature | None]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)  # each after those in it
    foreign: list[Path] = field(default_factory=list)

    def refuse_foreign(self, below: Iterable[Path], remedy: str = REMEDY) -> None:
        """Refuse where something that is not tfuq's own lies at or below one of some places.

        Raises:
            RunError: there is such a thing.
        """
        places = list(below)
        for path in self.foreign:
            if any(path.is_relative_to(place) for place in places):
                raise RunError(
                    f"{path}: was changed since tfuq wrote it, or was not written by tfuq "
                    "(or by a version that kept no list of its files), and is left alone; "
                    f"{remedy}"
                )

    def carry_out(self) -> None:
        """Remove what is tfuq's own and was not changed since it was looked at.

        Then remove the folders that hold nothing else.
        """
        for path, seen in self.files:
            if signature(path) == seen:
                disk.remove(path)
        for folder in self.folders:
            if (has_ledger(folder) or _is_going(folder)) and _is_emptied(folder):
                self._give_list(folder.parent)
                _remove_emptied(folder)

    def _give_list(self, folder: Path) -> None:
        """Give a list to a folder that is to be removed and has none, as it held folders alone.

        By it the folder is known as tfuq's own if this process ends before the folder is removed.
        """
        holds_foreign = any(path.is_relative_to(folder) for path in self.foreign)
        if folder in self.folders and not holds_foreign and not has_ledger(folder):
            add_entries(folder, [])

    def moved(self, old: Path, new: Path) -> Removal:
        """The same, of files and folders whose folder ``old`` has the name ``new`` now."""
        return Removal(
            [(new / path.relative_to(old), seen) for path, seen in self.files],
            [new / path.relative_to(old) for path in self.folders],
            [new / path.relative_to(old) for path in self.foreign],
        )


def plan_removal(paths: Iterable[Path]) -> Removal:
    """Look at files and folders, and at all that lies in them; links are not followed."""
    removal = Removal()
    for path in paths:
        if os.path.lexists(path):
            _plan(path, read_ledger(path.parent), removal)
    return removal


def _plan(path: Path, ledger: Ledger, removal: Removal) -> None:
    if path.is_dir() and not path.is_symlink():
        own = read_ledger(path)
        for entry in sorted(path.iterdir()):
            if not _is_upkeep(entry):
                _plan(entry, own, removal)
        removal.folders.append(path)
        return
    seen = signature(path)
    if is_ours(path, ledger):
        removal.files.append((path, seen))
    else:
        removal.foreign.append(path)


def _is_upkeep(path: Path) -> bool:
    """Whether it is a folder's list, lock or claim, or what a dead process left there.

    List, lock and claims go with the folder.
    """
    if path.name == LEDGER:
        return has_ledger(path.parent)
    if path.name == LOCK:
        return _is_empty(path)
    if path.name in (OWNER, TAKEOVER):
        return _names_a_process(path, {"host", "pid", "started"})
    if path.suffix == CLAIM:
        return _is_empty(path) or _names_a_process(path, {"by"})
    process = (
        read_ledger(path.parent).unfinished.get(path.name)
        if path.name.endswith(UNFINISHED)
        else None
    )
    return process is not None and is_left(path, process) and not process.aside


def _is_empty(path: Path) -> bool:
    return not path.is_symlink() and path.is_file() and path.stat().st_size == 0


def _names_a_process(path: Path, keys: set[str]) -> bool:
    """Whether it is a file by which a process held the folder, or claimed work in it.

    The folder is held by such files where the file system serves no locks.
    """
    with suppress(OSError, ValueError, RunError), open_regular(path, os.O_RDONLY) as file:
        content = json.loads(file.read(_MOST_BYTES))
        return isinstance(content, dict) and set(content) == keys
    return False


def _is_emptied(folder: Path) -> bool:
    """Whether a folder holds nothing but its list, lock and claims."""
    try:
        remove_leftovers(folder, going=True)
        return all(map(_is_upkeep, folder.iterdir()))
    except OSError:
        return False


def _remove_emptied(folder: Path) -> None:
    """Remove a folder that holds nothing but its list, lock and claims.

    It has a name that says so before it loses its list, by which it is known if this process ends
    in between.
    """
    try:
        for name in (LOCK, OWNER, TAKEOVER):
            disk.remove(folder / name)
        for path in folder.glob(f"*{CLAIM}"):
            disk.remove(path)
        going = folder
        if not _GOING.fullmatch(folder.name):
            going = folder.with_name(f".{folder.name}.removed.{os.getpid()}.part")
            disk.rename(folder, going)
    except OSError:
        return
    _remove_going(going, folder)


def _remove_going(going: Path, folder: Path) -> None:
    """Remove a folder of such a name.

    Where something lies in it by now, it has its old name again.
    """
    try:
        disk.remove(going / LEDGER)
        disk.remove_empty_folder(going)
    except OSError:
        with suppress(OSError):
            if going != folder and not _is_going(going):
                disk.rename(going, folder)


def _is_going(folder: Path) -> bool:
    """Whether a folder was about to be removed when the process that did so ended."""
    if not _GOING.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
        return False
    return all(path.name == LEDGER and has_ledger(folder) for path in folder.iterdir())


def remove_file(path: Path) -> None:
    """Remove a file of tfuq's own, if there is one; another stays."""
    plan_removal([path]).carry_out()


def remove_leftovers(folder: Path, *, held: bool = False, going: bool = False) -> None:
    """Remove what processes of this host that have ended left unfinished in a folder.

    Files of a set that was taking its places are given them. What cannot be removed now is left to
    the next call.

    With ``held`` no other process writes there at this time, and what any left is removed. With
    ``going`` the folder is on its way out, and no file is given its place in it.
    """
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(UNFINISHED)]
        ledger = read_ledger(folder) if names else Ledger()
        for name in names:
            process = ledger.unfinished.get(name)
            if process and is_left(folder / name, process, held=held):
                _settle(folder / name, ledger, going=going)
            elif process is None and _is_going(folder / name):
                _remove_going(folder / name, folder / name)


def _settle(path: Path, ledger: Ledger, *, going: bool) -> None:
    """Give the files of a set that was ready their places, unless their folder is going.

    Remove what else was left under a name; a set that cannot be given its places stays.
    """
    with suppress(OSError, RunError):
        is_set = path.name in ledger.ready and path.is_dir() and not path.is_symlink()
        if is_set and not going:
            give_places(path, path.parent, ledger.ready[path.name])
        _remove_leftover(path, aside=ledger.unfinished[path.name].aside)


def give_places(part: Path, folder: Path, ready: Ready) -> None:
    """Move the files of a set that is whole to their places.

    A file in whose place something of somebody else's lies is not moved.

    Args:
        part: The folder that they lie in.
        folder: Where they belong.
        ready: How. Without a file that tells of the others, old files make way before new ones
            come, so that never both lie there.

    Raises:
        OSError: A file cannot be moved.
    """
    names = sorted(path.relative_to(part) for path in part.rglob("*") if path.is_file())
    digests = {name: digest_of(part / name) for name in names}
    names = [name for name in names if _may_take_place(folder, name, digests[name])]
    older = [
        name
        for name in names
        if (folder / name).is_file() and digest_of(folder / name) != digests[name]
    ]
    if not ready.last:
        for name in older[1:]:
            disk.remove(folder / name)
    first = older[0] if older and not ready.last else None
    for gone in map(Path, ready.gone):
        if _is_file_below(folder, gone):
            remove_file(folder / gone)
    for name in sorted(names, key=lambda name: (name != first, str(name) == ready.last, name)):
        disk.make_folders((folder / name).parent)
        disk.rename(part / name, folder / name)


def _may_take_place(folder: Path, name: Path, digest: str) -> bool:
    return not _leads_out(folder, name) and hindrance(folder / name, digest) is None


def _is_file_below(folder: Path, name: Path) -> bool:
    """Whether a name that a list gives is that of a file in the folder; lists may be forged."""
    if _leads_out(folder, name) or (folder / name).is_symlink():
        return False
    return (folder / name).is_file()


def _leads_out(folder: Path, name: Path) -> bool:
    """Whether a name leads out of a folder, by itself or through a link."""
    if name.is_absolute() or ".." in name.parts:
        return True
    return link_within(folder, name) is not None


def link_within(folder: Path, name: Path) -> Path | None:
    """The first link between a folder and a name in it; the folder may be one itself."""
    for above in reversed(name.parents):
        if above != Path() and (folder / above).is_symlink():
            return folder / above
    return None


def _remove_leftover(path: Path, *, aside: bool) -> None:
    if aside:
        plan_removal([path]).carry_out()
    elif path.is_dir() and not path.is_symlink():
        disk.remove_folder(path)
    else:
        disk.remove(path)
