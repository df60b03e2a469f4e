"""Layouts of images with a class each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from tfuq.data.cases import Case
from tfuq.data.layouts.registry import LAYOUTS
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError

_IDX_PARTS = {"train": "train", "t10k": "test"}  # how the official files name their parts


@LAYOUTS.register("idx")
def idx(root: Path) -> list[Case]:
    """MNIST's files, plain or gzip: ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, and ``t10k-…`` for testing."""
    cases = []
    for name, part in _IDX_PARTS.items():
        images, labels = (_idx_file(root, f"{name}-{what}") for what in ("images-idx3-ubyte", "labels-idx1-ubyte"))
        if images is None:
            continue
        count = len(_idx_array(images, 3))
        classes = [None] * count if labels is None else _idx_array(labels, 1).tolist()
        if len(classes) != count:
            raise DataError(
                f"{labels}: has {len(classes)} labels for the {count} images of {images.name}; restore the official files"
            )
        cases += [Case(f"{name}-{row:05d}", (images,), truth=k, part=part, row=row) for row, k in enumerate(classes)]
    return cases


def _idx_file(root: Path, name: str) -> Path | None:
    return next((path for path in (root / name, root / f"{name}.gz") if path.is_file()), None)


def _idx_array(path: Path, dimensions: int) -> np.ndarray:
    array = read_idx(path)
    if array.ndim != dimensions:
        raise DataError(f"{path}: has {array.ndim} dimension(s), {dimensions} needed; restore the official file")
    return array


@LAYOUTS.register("image-folders")
def image_folders(root: Path) -> list[Case]:
    """A folder per class, ``CLASS/NAME.*``; or ``train/CLASS/NAME.*`` and ``test/CLASS/NAME.*``."""
    parts = {part: root / part for part in ("train", "test") if (root / part).is_dir()} or {None: root}
    return [
        Case(f"{folder.name}-{stem(path)}", (path,), truth=folder.name, part=part)
        for part, place in parts.items()
        for folder in sorted(p for p in place.iterdir() if p.is_dir() and not p.name.startswith("."))
        for path in _images_of_class(folder)
    ]


def _images_of_class(folder: Path) -> list[Path]:
    images = [path for path in sorted(folder.iterdir()) if is_readable(path)]
    if not images:
        raise DataError(f"{folder}: holds no image of its class; add some, or remove the folder")
    return images


@LAYOUTS.register("image-table")
def image_table(root: Path, table: str) -> list[Case]:
    """A CSV file of columns ``file`` (relative to the root) and ``label``, and ``part`` (train or test) if there is one."""
    path = root / table
    try:
        reader = csv.DictReader(io.StringIO(read_plain_text(path), newline=""), strict=True)
        columns = reader.fieldnames or []
        rows = list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}); data.table names a CSV file below data.root") from error
    if not rows or not {"file", "label"} <= set(columns) or len(set(columns)) < len(columns):
        raise DataError(
            f"{path}: needs columns 'file' and 'label', each name once, and a row per image; it has "
            f"{', '.join(columns) if rows else 'none'}"
        )
    return [_table_case(root, f"{path}: line {line}", row) for line, row in enumerate(rows, start=2)]


def _table_case(root: Path, where: str, row: dict) -> Case:
    if None in row or None in row.values():
        raise DataError(f"{where}: has another number of cells than there are columns; mend the line")
    part = row.get("part") or None
    if part not in (None, "train", "test"):
        raise DataError(f"{where}: part '{part}' is neither train nor test; correct it, or leave it empty")
    if not Path(row["file"]).name or Path(row["file"]).name == "..":
        raise DataError(f"{where}: names no file; complete it")
    image = root / row["file"]
    return Case("-".join(Path(row["file"]).with_name(stem(image)).parts), (image,), truth=row["label"] or None, part=part)
