"""tfuq's own JSON and CSV files, believed only as far as they are what they should be."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pydantic

from tfuq.data.readers.text import read_plain_bytes, read_plain_text
from tfuq.data.writers import without_mark
from tfuq.errors import DataError, RunError

T = TypeVar("T")
Cell = str | float | None
LARGEST = 1e30  # of a number that is read back: its square, its cube and sums of them are numbers too
SET_PREFIX = "set_"  # of a column that holds sets of classes
_TEXT_COLUMNS = frozenset(
    {
        "case",
        "class",
        "component",
        "label",
        "landmark",
        "level",
        "measure",
        "method",
        "quantity",
        "rater",
        "reason",
        "reference",
        "truth",
    }
)


def read_text(path: Path) -> str:
    """A file of text.

    Raises:
        RunError: it cannot be read as such.
    """
    try:
        return read_plain_text(path)
    except (OSError, ValueError, DataError) as error:
        raise RunError(f"{path}: cannot be read ({error}); restore it, or remove it") from error


def read_json(path: Path, kind: type[T], remedy: str) -> T:
    """The content of a file, as a ``kind`` that pydantic knows to build.

    Raises:
        RunError: missing, damaged, or of another kind.
    """
    return parse_json(read_content(path, remedy), path, kind, remedy)


def read_content(path: Path, remedy: str) -> bytes:
    """The bytes of a file of text.

    Raises:
        RunError: they cannot be read.
    """
    try:
        return read_plain_bytes(path)
    except (OSError, DataError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"{path}: cannot be read ({reason}); {remedy}") from error


def parse_json(content: bytes, path: Path, kind: type[T], remedy: str) -> T:
    """What a file's content says, as `read_json` reads it.

    Args:
        content: JSON in UTF-8. Its numbers must be finite, and none larger than `LARGEST`.
        path: The file, for messages.
        kind: What pydantic knows to build.
        remedy: What to do about a file that is damaged.

    Raises:
        RunError: damaged, or of another kind.
    """
    try:
        text = content.decode("utf-8-sig")
        found = pydantic.TypeAdapter(kind).validate_json(text)
        json.loads(text, parse_constant=_bounded, parse_float=_bounded, parse_int=_bounded)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "content"
        message = problem["msg"].removeprefix("Value error, ")
        raise RunError(f"{path}: cannot be read ({place:.200}: {message}); {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: cannot be read ({error}); {remedy}") from error
    return found


def _bounded(literal: str) -> float:
    value = float(literal)
    if not abs(value) <= LARGEST:
        raise ValueError(f"{literal:.40} is no number of at most {LARGEST:g}")
    return value


def read_table(path: Path, columns: Iterable[str], remedy: str) -> list[dict[str, str]]:
    """The rows of a CSV file, each with a value or an empty cell for every column of its header.

    Raises:
        RunError: missing, damaged, cut off, or without some of ``columns``.
    """
    try:
        text = read_plain_text(path)
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        rows = list(reader)
    except (OSError, ValueError, csv.Error, DataError) as error:
        raise RunError(f"{path}: cannot be read ({error}); {remedy}") from error
    if missing:
        raise RunError(f"{path}: has no column '{missing[0]}'; {remedy}")
    if not text.endswith("\n"):
        raise RunError(f"{path}: ends within a line; {remedy}")
    if len(set(reader.fieldnames or ())) < len(reader.fieldnames or ()):
        raise RunError(f"{path}: has two columns of one name; {remedy}")
    if any(None in row or None in row.values() for row in rows):
        raise RunError(f"{path}: has a row that does not fit its header; {remedy}")
    return [{column: without_mark(cell) for column, cell in row.items()} for row in rows]


def is_text(column: str) -> bool:
    """Whether a column of the tables that tfuq writes of predictions and scores holds text. Every other one holds numbers."""
    return column in _TEXT_COLUMNS or column.startswith(SET_PREFIX)


def read_typed(path: Path, columns: Iterable[str], remedy: str) -> list[dict[str, Cell]]:
    """The rows of a table of predictions or scores: text where `is_text` says so, else finite numbers, or None where a cell is
    empty.

    Args:
        path: a CSV file.
        columns: names of columns that have a value in every row.
        remedy: what to do about a file that is damaged.

    Raises:
        RunError: as `read_table` and `number` have it, or an empty cell in one of ``columns``.
    """
    required = tuple(columns)
    rows = read_table(path, required, remedy)
    empty = next((column for row in rows for column in required if not row[column]), None)
    if empty is not None:
        raise RunError(f"{path}: has an empty cell in '{empty}'; {remedy}")
    return [{column: _typed(path, row, column, remedy) for column in row} for row in rows]


def _typed(path: Path, row: dict[str, str], column: str, remedy: str) -> Cell:
    return row[column] if is_text(column) else number(path, row, column, remedy)


def number(path: Path, row: dict[str, str], column: str, remedy: str) -> float | None:
    """A cell's number, None where it is empty.

    Raises:
        RunError: the cell holds something else, no finite number, or one larger than `LARGEST`.
    """
    try:
        value = float(row[column]) if row.get(column) else None
    except ValueError as error:
        raise RunError(f"{path}: '{row[column]:.80}' is not a number for '{column}'; {remedy}") from error
    if value is not None and not math.isfinite(value):
        raise RunError(f"{path}: '{row[column]:.80}' is not a finite number for '{column}'; {remedy}")
    if value is not None and abs(value) > LARGEST:
        raise RunError(f"{path}: '{row[column]:.80}' is larger than {LARGEST:g}, which no '{column}' is; {remedy}")
    return value


def numbers(
    path: Path,
    rows: Sequence[dict[str, str]],
    column: str,
    remedy: str,
    *,
    low: float = -LARGEST,
    high: float = LARGEST,
) -> np.ndarray:
    """A column that has a number in every row.

    Args:
        path: The table, for messages.
        rows: Its rows, as `read_table` gives them.
        column: Of which the numbers are wanted.
        remedy: What to do about a file that is damaged.
        low: No number is less.
        high: No number is more.

    Returns:
        The numbers ``[n]``.

    Raises:
        RunError: as `number` has it, an empty cell, or a number that is out of range.
    """
    found = []
    for row in rows:
        value = number(path, row, column, remedy)
        if value is None:
            raise RunError(f"{path}: has an empty cell in '{column}'; {remedy}")
        if not low <= value <= high:
            raise RunError(f"{path}: '{row[column]:.80}' is not between {low:g} and {high:g}, as '{column}' is; {remedy}")
        found.append(value)
    return np.array(found, float)
