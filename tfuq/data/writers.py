"""Writing: every file appears whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np

from tfuq.data.volume import Volume
from tfuq.errors import TfuqError


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
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise TfuqError(f"{path}: cannot be written ({error.strerror or error}); free space or choose another place") from error
    finally:
        beside.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes."""
    with whole_file(path) as beside:
        beside.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text."""
    write_bytes(path, text.encode())


def write_json(path: Path, content) -> None:
    """Write JSON that people can read and any parser takes: no NaN."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_csv(path: Path, rows: Iterable[Mapping]) -> None:
    """Write rows under the union of their columns; None and NaN become empty cells."""
    rows = list(rows)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(columns)]
    lines += [",".join(_cell(row.get(column)) for column in columns) for row in rows]
    write_text(path, "\n".join(lines) + "\n")


def _cell(value) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    text = f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def write_nifti(path: Path, volume: Volume) -> None:
    """Write a ``.nii.gz`` with the volume's affine and header codes, its array's data type kept."""
    array = volume.array[:, :, 0] if volume.ndim == 2 and volume.array.shape[2] == 1 else volume.array
    image = nibabel.Nifti1Image(array, volume.affine)
    image.set_qform(volume.affine, volume.codes[0])
    image.set_sform(volume.affine, volume.codes[1])
    # Maps are mostly noise-like: higher levels cost several times the time for a few per cent.
    write_bytes(path, gzip.compress(image.to_bytes(), compresslevel=1, mtime=0))
