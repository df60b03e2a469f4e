"""Writing: every file appears whole or not at all."""

from __future__ import annotations

import errno
import gzip
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data import disk
from tfuq.data.disk import flush
from tfuq.data.ledger import (
    ACTIVE,
    LEDGER,
    Ready,
    add_entries,
    file_entry,
    kind_entry,
    read_ledger,
    ready_entry,
    unfinished_entry,
)
from tfuq.data.ownership import (
    REMEDY,
    Removal,
    digest_of,
    give_places,
    plan_removal,
    remove_leftovers,
    require_place_of_file,
    require_replaceable,
)
from tfuq.data.paths import real_path
from tfuq.data.volume import Volume
from tfuq.errors import DataError, RunError, TfuqError

_SET = "set"


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        TfuqError: it cannot be made there.
    """
    try:
        disk.make_folders(path)
    except OSError as error:
        raise TfuqError(f"{path}: folder cannot be made ({error.strerror}); choose a place that can be written") from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the final name only when the block ends without an error.

    Raises:
        RunError: what lies there is not tfuq's own. TfuqError: it cannot be written.
    """
    make_folder(path.parent)
    if _is_in_unfinished(path):
        with writing(path):
            yield path
        return
    require_place_of_file(path)
    with writing(path), _unfinished(path) as beside:
        yield beside
        digest = digest_of(beside)
        require_replaceable(path, digest)
        flush([beside])
        add_entries(path.parent, [file_entry(path.name, digest)])
        disk.rename(beside, path)
        flush([path.parent])


@contextmanager
def whole_folder(path: Path, kind: str) -> Iterator[Path]:
    """Yield a folder to fill; it takes its final name when the block ends without an error.

    It may take the place of one that was written whole as the same ``kind``, and that nobody has put anything into since.

    Raises:
        RunError: what lies there is not tfuq's own. TfuqError: it cannot be written.
    """
    make_folder(path.parent)
    plan_replacement(path, kind)
    with writing(path), _unfinished(path) as part:
        disk.make_new_folder(part)
        yield part
        _seal(part, kind)
        _put_in_place(part, path, plan_replacement(path, kind))
        flush([path.parent])


class FolderTakenError(DataError):
    """A folder that should have been new, and that holds something."""


@contextmanager
def new_folder(path: Path, kind: str) -> Iterator[Path]:
    """Yield a folder to fill; it takes its final name, where none or an empty one has it, when the block ends without an error.

    Raises:
        FolderTakenError: a folder that holds something has the name, perhaps only since the block began.
        TfuqError: it cannot be written.
    """
    path = real_path(path)
    make_folder(path.parent)
    with writing(path), _unfinished(path) as part:
        disk.make_new_folder(part)
        yield part
        _seal(part, kind)
        try:
            disk.rename(part, path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise FolderTakenError(f"{path}: is not empty; choose a new folder") from error
            raise
        flush([path.parent])


@contextmanager
def whole_set(folder: Path, last: str = "", earlier: Iterable[str] = ()) -> Iterator[Path]:
    """Yield a folder to fill; when the block ends without an error its files take their places in ``folder`` together.

    What else lies there stays. Nothing is replaced before it is known that everything may be. Once the first file is in its
    place the others follow, by the next to write there if this process ends before. Until then old files do not lie beside
    new ones, unless ``last`` tells.

    Args:
        folder: Where the files belong.
        last: The file that takes its place last, and by whose digests of the others a reader knows a set of two writings;
            "" where no file tells.
        earlier: Files of the set that it takes the place of, which are removed where it has none of the name, unless they
            were changed since.

    Raises:
        RunError: what lies in the place of a file is not tfuq's own. TfuqError: it cannot be written.
    """
    make_folder(folder)
    with writing(folder), _unfinished(folder / _SET) as part:
        disk.make_new_folder(part)
        yield part
        names = sorted(path.relative_to(part) for path in part.rglob("*") if path.is_file())
        gone = tuple(sorted(set(earlier) - set(map(str, names))))
        _move_together(part, folder, names, Ready(last, gone))


def _move_together(part: Path, folder: Path, names: Sequence[Path], ready: Ready) -> None:
    digests = {name: digest_of(part / name) for name in names}
    for name, digest in digests.items():
        require_replaceable(folder / name, digest)
    flush([*(part / name for name in names), *{(part / name).parent for name in names}])
    for within in dict.fromkeys(name.parent for name in names):
        make_folder(folder / within)  # for its list
        entries = [file_entry(name.name, digests[name]) for name in names if name.parent == within]
        add_entries(folder / within, entries)
    add_entries(folder, [ready_entry(part.name, ready)])
    give_places(part, folder, ready)
    flush({(folder / name).parent for name in names})


def _seal(part: Path, kind: str) -> None:
    """List every file of a folder that is whole, and flush it."""
    files = sorted(path for path in part.rglob("*") if path.is_file() and path.name != LEDGER)
    folders = [part, *sorted(path for path in part.rglob("*") if path.is_dir())]
    for folder in folders:
        entries = [file_entry(path.name, digest_of(path)) for path in files if path.parent == folder]
        add_entries(folder, [kind_entry(kind), *entries] if folder == part else entries, flushed=False)
    flush([*files, *(folder / LEDGER for folder in folders), *reversed(folders)])


def plan_replacement(path: Path, kind: str) -> Removal | None:
    """What to remove so that another folder can have a name; None where nothing has it, or an empty folder.

    Raises:
        RunError: what has it is not tfuq's own, or not of the same ``kind``.
    """
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_dir():
        raise RunError(f"{path}: is a link or a file, where tfuq would write a folder; {REMEDY}")
    removal = plan_removal([path])
    removal.refuse_foreign([path])
    if not any(path.iterdir()):
        return None
    if read_ledger(path).kind != kind:
        raise RunError(f"{path}: holds something other than a {kind}; {REMEDY}")
    return removal


def _put_in_place(part: Path, path: Path, removal: Removal | None) -> None:
    if removal is None:
        disk.rename(part, path)
        return
    aside = _set_aside(path)
    try:
        disk.rename(part, path)
    except OSError:
        disk.rename(aside, path)
        raise
    removal.moved(path, aside).carry_out()


def _set_aside(path: Path) -> Path:
    """Give a folder a name under which it is removed, by a later process if this one is killed."""
    aside = _beside(path.with_name(f"{path.name}.old"))
    add_entries(path.parent, [unfinished_entry(aside.name, aside=True)], flushed=False)
    disk.rename(path, aside)
    return aside


def remove_whole(path: Path) -> None:
    """Remove a folder of tfuq's own, if there is one: it loses its name before any of its files.

    Raises:
        RunError: something in it is not tfuq's own. TfuqError: it cannot be removed.
    """
    remove_leftovers(path.parent)
    if not os.path.lexists(path):
        return
    removal = plan_removal([path])
    removal.refuse_foreign([path])
    with writing(path):
        removal.moved(path, _set_aside(path)).carry_out()


def _is_in_unfinished(path: Path) -> bool:
    return any(folder in ACTIVE for folder in _absolute(path).parents)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Yield the name that a file or a folder has until it is whole; what has it when the block ends is removed."""
    remove_leftovers(path.parent)
    beside = _beside(path)
    add_entries(path.parent, [unfinished_entry(beside.name)], flushed=False)
    ACTIVE.add(_absolute(beside))
    try:
        yield beside
    finally:
        ACTIVE.discard(_absolute(beside))
        if os.path.lexists(beside):
            remove_leftovers(path.parent)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Errors of the file system as those of a path that cannot be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise TfuqError(f"{path}: cannot be written ({reason}); free space or choose another place") from error


def _beside(path: Path) -> Path:
    """A name that nothing has which this process writes at this time; threads may write one file at once."""
    endings = itertools.chain([""], (f"-{number}" for number in itertools.count(1)))
    names = (path.with_name(f".{path.name}.{os.getpid()}{ending}.part") for ending in endings)
    return next(name for name in names if _absolute(name) not in ACTIVE)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes."""
    with whole_file(path) as beside:
        disk.write_file(beside, content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text."""
    write_bytes(path, text.encode())


def write_json(path: Path, content) -> None:
    """Write JSON that people can read and any parser takes.

    Raises:
        DataError: a number is not finite.
    """
    try:
        text = json.dumps(content, indent=2, allow_nan=False)
    except ValueError as error:
        raise DataError(f"{path}: is not written, as a number of it is not finite; look for NaN by tfuq doctor") from error
    write_text(path, text + "\n")


def write_csv(path: Path, rows: Iterable[Mapping]) -> None:
    """Write rows under the union of their columns; None and NaN, which are of what is not defined, become empty cells.

    Raises:
        DataError: a number is infinite.
    """
    rows = list(rows)
    infinite = next((f"{name} is {value}" for row in rows for name, value in row.items() if _is_infinite(value)), None)
    if infinite:
        raise DataError(f"{path}: is not written, as {infinite}; look at the numbers that it was made of by tfuq doctor")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(columns)]
    lines += [",".join(_cell(row.get(column)) for column in columns) for row in rows]
    write_text(path, "\n".join(lines) + "\n")


# A spreadsheet takes a cell that begins so for a formula; a mark before it keeps it a text.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MARK = "'"


def _marked(text: str) -> str:
    return _MARK + text if _FORMULA.match(text) and not _is_number(text) else text


def without_mark(text: str) -> str:
    """A cell's text as it was before `write_csv` marked it."""
    return text.removeprefix(_MARK) if text.startswith(_MARK) and _FORMULA.match(text) else text


def _is_infinite(value) -> bool:
    return isinstance(value, (float, np.floating)) and bool(np.isinf(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cell(value) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    text = f"{value:.6g}" if isinstance(value, (float, np.floating)) else _marked(str(value))
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text


def write_nifti(path: Path, volume: Volume) -> None:
    """Write a ``.nii.gz`` with the volume's affine and header codes, its array's data type kept.

    A scalar map of a 2D file is 2D; one of several channels keeps its slice axis, as NIfTI's channels are its fourth.

    Raises:
        DataError: a voxel is NaN or infinite.
    """
    if not np.isfinite(volume.array).all():
        raise DataError(f"{path}: is not written, as voxels of it are NaN or infinite; look at the weights by tfuq doctor")
    is_flat = volume.ndim == 2 and volume.array.ndim == 3 and volume.array.shape[2] == 1
    array = volume.array[:, :, 0] if is_flat else volume.array
    image = nibabel.Nifti1Image(array, volume.affine)
    image.set_qform(volume.affine, volume.codes[0])
    image.set_sform(volume.affine, volume.codes[1])
    # Maps are mostly noise-like: higher levels cost several times the time for a few per cent.
    write_bytes(path, gzip.compress(image.to_bytes(), compresslevel=1, mtime=0))
