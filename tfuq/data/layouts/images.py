"""Layouts of images with a class each."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfuq.data.case import Case, Part
from tfuq.data.channels import name_key
from tfuq.data.layouts.indexed import indexed_path, with_slashes
from tfuq.data.layouts.registry import COUNTS, LAYOUTS, REMARKS
from tfuq.data.readers import is_readable, stem
from tfuq.data.readers.idx import read_idx, read_idx_count
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError

if TYPE_CHECKING:
    import numpy as np

# How the official files name their parts.
_IDX_PARTS: dict[str, Part] = {"train": "train", "t10k": "test"}
# How folders and tables name their parts.
_PARTS: dict[str, Part] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
_Row = dict[str, str]  # the cells of a table's row by column


@LAYOUTS.register("idx")
def idx(root: Path) -> list[Case]:
    """List MNIST's files, plain or gzip.

    They are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, and ``t10k-…`` for testing.
    """
    cases = []
    for prefix, part in _IDX_PARTS.items():
        images = _idx_file(root, f"{prefix}-images-idx3-ubyte")
        labels = _idx_file(root, f"{prefix}-labels-idx1-ubyte")
        if images is None:
            _require_no_labels(labels)
            continue
        for row, number in enumerate(_idx_classes(images, labels)):
            case_id = f"{prefix}-{row:05d}"
            cases.append(Case(case_id, (images,), truth=number, part=part, row=row))
    return cases


@COUNTS.register("idx")
def _count_of_idx(root: Path) -> int:
    count = 0
    for prefix in _IDX_PARTS:
        images = _idx_file(root, f"{prefix}-images-idx3-ubyte")
        if images is not None:
            count += read_idx_count(images)
    return count


def _require_no_labels(labels: Path | None) -> None:
    if labels:
        raise DataError(
            f"{labels}: its images ({labels.name.split('-')[0]}-images-idx3-ubyte) are not there; "
            "restore them, or move the labels elsewhere"
        )


@REMARKS.register("idx")
def _packed_twice(root: Path, cases: Sequence[Case]) -> Iterator[str]:
    for path in sorted(root.glob("*-idx?-ubyte.gz")):
        plain = path.with_suffix("")
        if plain.is_file():
            yield f"{path}: is not read, as {plain.name} is there, too"


def _idx_classes(images: Path, labels: Path | None) -> list[int] | list[None]:
    """The class of each image; None of each where there is no file of labels."""
    count = len(_idx_array(images, 3))
    if labels is None:
        return [None] * count
    classes: list[int] = _idx_array(labels, 1).tolist()
    if len(classes) != count:
        raise DataError(
            f"{labels}: has {len(classes)} labels for the {count} images of {images.name}; "
            "restore the official files"
        )
    return classes


def _idx_file(root: Path, name: str) -> Path | None:
    for path in (root / name, root / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def _idx_array(path: Path, dimensions: int) -> np.ndarray:
    array = read_idx(path)
    if array.ndim != dimensions:
        raise DataError(
            f"{path}: has {array.ndim} dimension(s), {dimensions} needed; restore the official file"
        )
    return array


@LAYOUTS.register("image-folders")
def image_folders(root: Path) -> list[Case]:
    """List a folder per class: ``CLASS/NAME.*``, or ``train/CLASS/NAME.*`` and ``test/CLASS/…``.

    ``val`` (``valid``, ``validation``) beside ``train`` or ``test`` has cases to validate on. Where
    a file of a class has one name in several parts, the ids of its cases begin with their part.
    """
    if not ((root / "train").is_dir() or (root / "test").is_dir()):
        return _class_folders(root, None)
    cases = []
    for folder, part in _part_folders(root).items():
        cases += _class_folders(folder, part)
    counts = Counter(name_key(case.id) for case in cases)
    return [_with_part(case) if counts[name_key(case.id)] > 1 else case for case in cases]


def _part_folders(root: Path) -> dict[Path, Part]:
    folders: dict[Path, Part] = {}
    for name, part in _PARTS.items():
        folder = root / name
        if not folder.is_dir():
            continue
        if part in folders.values():
            raise DataError(f"{folder}: another folder is for {part}, too; keep one of them")
        folders[folder] = part
    return folders


def _with_part(case: Case) -> Case:
    return replace(case, id=f"{case.part}-{case.id}")


def _class_folders(root: Path, part: Part | None) -> list[Case]:
    cases = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name.startswith("."):
            continue
        for path in _images_of_class(folder):
            case_id = f"{folder.name}-{stem(path)}"
            cases.append(Case(case_id, (path,), truth=folder.name, part=part))
    return cases


def _images_of_class(folder: Path) -> list[Path]:
    images = [path for path in sorted(folder.iterdir()) if is_readable(path)]
    if not images:
        raise DataError(f"{folder}: holds no image of its class; add some, or remove the folder")
    return images


@LAYOUTS.register("image-table")
def image_table(root: Path, table: str) -> list[Case]:
    """List the images of a CSV file.

    Its columns are ``file`` (relative to the root) and ``label``, and ``part`` (train, validation
    or test) if there is one.
    """
    path = root / table
    cases = []
    for line, row in enumerate(_table_rows(path), start=2):
        cases.append(_table_case(root, f"{path}: line {line}", row))
    return cases


def _table_rows(path: Path) -> list[_Row]:
    try:
        text = io.StringIO(read_plain_text(path), newline="")
        reader = csv.DictReader(text, strict=True)
        columns = reader.fieldnames or []
        rows = list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(
            f"{path}: cannot be read as a table ({error}); "
            "data.table names a CSV file below data.root"
        ) from error
    is_complete = {"file", "label"} <= set(columns)
    is_unique = len(set(columns)) == len(columns)
    if not rows or not is_complete or not is_unique:
        present = ", ".join(columns)
        if not rows:
            present = "none"
        raise DataError(
            f"{path}: needs columns 'file' and 'label', each name once, and a row per image; "
            f"it has {present}"
        )
    return rows


def _table_case(root: Path, position: str, row: _Row) -> Case:
    """The case of a row; ``position`` is that of the row, for messages."""
    if None in row or None in row.values():
        raise DataError(
            f"{position}: has another number of cells than there are columns; mend the line"
        )
    part = _part_of(row, position)
    path = Path(with_slashes(root, row["file"]))
    if not path.name or path.name == "..":
        raise DataError(f"{position}: names no file; complete it")
    image = indexed_path(root, row["file"], position)
    folders = [name for name in path.parent.parts if name not in (path.anchor, "..")]
    case_id = "-".join([*folders, stem(path)])
    return Case(case_id, (image,), truth=row["label"] or None, part=part)


def _part_of(row: _Row, position: str) -> Part | None:
    name = row.get("part")
    if not name:
        return None
    if name not in _PARTS:
        raise DataError(
            f"{position}: part '{name}' is none of {', '.join(_PARTS)}; "
            "correct it, or leave it empty"
        )
    return _PARTS[name]
