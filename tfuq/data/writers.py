"""Writing: every file appears whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.volume import Volume
from tfuq.errors import DataError, TfuqError


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        TfuqError: it cannot be made there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TfuqError(f"{path}: folder cannot be made ({error.strerror}); choose a place that can be written") from error


@contextmanager
def whole_file(path: Path):
    """Yield a path beside ``path`` to write to; it takes the final name only when the block ends without an error."""
    make_folder(path.parent)
    beside = _beside(path)
    try:
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path):
    """Yield a folder to fill; it takes its final name, in the place of one that has it, when the block ends without an error."""
    make_folder(path.parent)
    beside = _beside(path)
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir()
        yield beside
        remove_whole(path)
        os.replace(beside, path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def remove_whole(path: Path) -> None:
    """Remove a folder, if there is one: it loses its name before any of its files."""
    if path.is_dir():
        aside = _beside(path.with_name(f"{path.name}.old"))
        os.replace(path, aside)
        shutil.rmtree(aside)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left unfinished in a folder that no other process writes at this time."""
    for path in folder.glob(".*.part"):
        if re.fullmatch(r"\..+\.\d+\.part", path.name):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _cannot_write(path: Path, error: OSError) -> TfuqError:
    return TfuqError(f"{path}: cannot be written ({error.strerror or error}); free space or choose another place")


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes."""
    with whole_file(path) as beside:
        beside.write_bytes(content)


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
