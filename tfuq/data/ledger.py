"""The list that each folder keeps of the files that tfuq wrote into it: ``.tfuq``.

It has a line of JSON for each writing. A line is added, and flushed to disk, before a file takes
its final name. So a file under a final name is listed, or it is somebody else's. A line that a
killed process left unfinished says nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from tfuq.data import disk
from tfuq.data.disk import open_regular
from tfuq.data.host import this_host
from tfuq.errors import RunError

LEDGER = ".tfuq"
_HEADER = b'{"tfuq": "the files that it wrote into this folder; leave this list here"}\n'
_COMPACTED_EVERY = 2**16  # bytes
_MOST_BYTES = 2**24  # of a list; that of a folder of a hundred thousand files has as many
_ABSENT = (FileNotFoundError, NotADirectoryError)
_KEPT_DIGESTS = 4  # of a file's last writings, in a compacted list
Entry = dict[str, str | int | list[str]]
# Unfinished files and folders, absolute, that this process writes at this time.
ACTIVE: set[Path] = set()
# Folders, absolute, that this process has cleared of what others left, and writes at this time.
CLEARED: set[Path] = set()


@dataclass
class Ledger:
    """What a folder's list says.

    Attributes:
        digests: SHA-256 of what was written under each name, oldest first.
        kind: what a folder that was written whole is, such as "case"; None of other folders.
        unfinished: names of files and folders that a process began and has not finished, with that
            process. In the end it gives them another name, or lists what they have come to hold.
        ready: names of unfinished folders whose files are whole and on disk, and are being given
            their places in this folder, with what goes on then.
    """

    digests: dict[str, list[str]] = field(default_factory=dict)
    kind: str | None = None
    unfinished: dict[str, Process] = field(default_factory=dict)
    ready: dict[str, Ready] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """How the files of a set take their places.

    Attributes:
        last: The file that comes last, and tells whether the others are of its set; "" where none
            does.
        gone: Files of an earlier set that have no successor, and are removed.
    """

    last: str = ""
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Process:
    """A process by host and number.

    ``aside`` says that what it left is an older output, not an unfinished one.
    """

    host: str
    pid: int
    aside: bool = False

    @property
    def is_this(self) -> bool:
        """Whether it is this process, or one that had its number before."""
        return (self.host, self.pid) == (this_host(), os.getpid())

    @property
    def is_dead(self) -> bool:
        """Whether it has surely ended. Of processes of other hosts nothing is known."""
        if self.host != this_host():
            return False
        with suppress(OverflowError):
            return not psutil.pid_exists(self.pid)
        return False


def is_left(path: Path, process: Process, *, held: bool = False) -> bool:
    """Whether a process that began a file or folder writes it no more."""
    if process.is_this:
        return Path(os.path.abspath(path)) not in ACTIVE
    return held or process.is_dead


def file_entry(name: str, digest: str) -> Entry:
    """A file that is about to have a name."""
    return {"name": name, "sha256": digest}


def kind_entry(kind: str) -> Entry:
    """A folder that is written whole."""
    return {"whole": kind}


def unfinished_entry(name: str, *, aside: bool = False) -> Entry:
    """A file or folder that this process is about to begin, or to put ``aside``."""
    return {"aside" if aside else "part": name, "host": this_host(), "pid": os.getpid()}


def ready_entry(name: str, ready: Ready) -> Entry:
    """An unfinished folder whose files take their places from now on."""
    return {"ready": name, "last": ready.last, "gone": list(ready.gone)}


def has_ledger(folder: Path) -> bool:
    """Whether tfuq wrote into a folder.

    Raises:
        OSError: its list cannot be read.
    """
    try:
        with _opened(folder, os.O_RDONLY) as file:
            return _is_ledger(file.read(4 * len(_HEADER)))
    except (*_ABSENT, RunError):
        return False


def read_ledger(folder: Path) -> Ledger:
    """A folder's list; an empty one where there is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with _opened(folder, os.O_RDONLY) as file:
            content = _content(file)
    except (*_ABSENT, RunError):
        return Ledger()
    return _parsed(_entries(content)) if _is_ledger(content) else Ledger()


def _content(file: BinaryIO) -> bytes:
    """All of a list.

    Raises:
        RunError: It is larger than any list that tfuq keeps.
    """
    size = os.fstat(file.fileno()).st_size
    if size > _MOST_BYTES:
        raise RunError(
            f"{LEDGER}: a list of tfuq's files has {size} bytes, more than {_MOST_BYTES}; "
            "move it away, or choose another folder"
        )
    return file.read()


def add_entries(folder: Path, entries: Iterable[Entry], *, flushed: bool = True) -> None:
    """Add to a folder's list; with ``flushed`` the entries are on disk when this returns.

    Raises:
        OSError: the list cannot be written.
        RunError: the name of the list is taken by something else.
    """
    lines = _lines(entries)
    with _locked(folder) as file:
        before = file.seek(0, os.SEEK_END)
        added = _joint(file, before) + lines
        disk.write(file, added)
        if flushed:
            disk.flush_open(file.fileno())
        if file.tell() // _COMPACTED_EVERY > before // _COMPACTED_EVERY:
            _compact(folder, file)


def _lines(entries: Iterable[Entry]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def _joint(file: BinaryIO, size: int) -> bytes:
    """What goes between a list of ``size`` bytes and a new line.

    It is the list's header, or the end of a line that was cut off.
    """
    if size == 0:
        return _HEADER
    file.seek(0)
    head = file.read(4 * len(_HEADER))
    file.seek(-1, os.SEEK_END)
    end = b"" if file.read(1) == b"\n" else b"\n"
    return end if _HEADER in head else end + _HEADER


def _is_ledger(content: bytes) -> bool:
    """Whether it begins with the header, or with one that was cut off."""
    first, end, rest = content.partition(b"\n")
    is_cut = _HEADER.startswith(first) and (not end or rest.startswith(_HEADER))
    return content.startswith(_HEADER) or is_cut


def _entries(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.split(b"\n")[:-1]:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry


def _parsed(entries: Iterable[Mapping[str, Any]]) -> Ledger:
    ledger = Ledger()
    for entry in entries:
        _enter(ledger, entry)
    return ledger


def _enter(ledger: Ledger, entry: Mapping[str, Any]) -> None:
    match entry:
        case {"name": str(name), "sha256": str(digest)}:
            known = ledger.digests.setdefault(name, [])
            if digest in known:
                known.remove(digest)
            known.append(digest)
            del known[:-_KEPT_DIGESTS]
            ledger.unfinished.pop(name, None)
        case {"whole": str(kind)}:
            ledger.kind = kind
        case {"part": str(name), "host": str(host), "pid": int(pid)}:
            ledger.unfinished[name] = Process(host, pid)
            ledger.ready.pop(name, None)  # of an earlier one of the name
        case {"aside": str(name), "host": str(host), "pid": int(pid)}:
            ledger.unfinished[name] = Process(host, pid, aside=True)
        case {"ready": str(name), "last": str(last), "gone": [*gone]}:
            ledger.ready[name] = Ready(last, tuple(map(str, gone)))


def _compact(folder: Path, file: BinaryIO) -> None:
    """Replace the list by one that says the same with fewer lines."""
    file.seek(0)
    ledger = _parsed(_entries(_content(file)))
    beside = folder / f".{LEDGER}.{os.getpid()}.part"
    disk.write(file, _lines([unfinished_entry(beside.name)]))
    ACTIVE.add(Path(os.path.abspath(beside)))
    try:
        disk.write_file(beside, _HEADER + _lines(_compacted(folder, ledger)))
        disk.flush([beside])
        disk.rename(beside, folder / LEDGER)
    finally:
        ACTIVE.discard(Path(os.path.abspath(beside)))


def _compacted(folder: Path, ledger: Ledger) -> Iterator[Entry]:
    if ledger.kind:
        yield kind_entry(ledger.kind)
    for name, digests in ledger.digests.items():
        yield from (file_entry(name, digest) for digest in digests)
    for name, process in ledger.unfinished.items():
        if not process.is_dead or os.path.lexists(folder / name):
            yield {
                "aside" if process.aside else "part": name,
                "host": process.host,
                "pid": process.pid,
            }
            yield from (
                ready_entry(name, ready) for each, ready in ledger.ready.items() if each == name
            )


@contextmanager
def _locked(folder: Path) -> Iterator[BinaryIO]:
    """The list, opened to add to, with no other process adding to it at this time."""
    while True:
        with _opened(folder, os.O_RDWR | os.O_CREAT | os.O_APPEND) as file:
            # Lines are still added whole, as on a file system without locks.
            with suppress(BlockingIOError):
                disk.lock(file.fileno(), wait=True)
            if not _is_same(file, folder / LEDGER):
                continue  # it was compacted in this moment
            content = file.read(4 * len(_HEADER))
            if content and not _is_ledger(content):
                raise _not_a_list(folder)
            yield file
            return


def _is_same(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


@contextmanager
def _opened(folder: Path, flags: int) -> Iterator[BinaryIO]:
    """The list, which is no link, and nothing that could be waited for."""
    with open_regular(folder / LEDGER, flags) as file:
        yield file


def _not_a_list(folder: Path) -> RunError:
    return RunError(
        f"{folder / LEDGER}: is something other than the list that tfuq keeps of its files; "
        "move it away, or choose another folder"
    )
