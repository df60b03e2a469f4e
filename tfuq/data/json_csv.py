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

from tfuq.data.budget import MemoryShortageError
from tfuq.data.readers.text import read_plain_bytes, read_plain_text
from tfuq.data.writers import without_mark
from tfuq.errors import DataError, RunError

T = TypeVar("T")
Cell = str | float | None
LARGEST = 1e30  # of a number that is read back: its square, its cube and sums of them are numbers
SET_PREFIX = "set_"  # of a column that holds sets of classes
_TEXT_COLUMNS = frozenset(
    {
        "case",
        "class",
        "component",
        "constraint",
        "decision",
        "label",
        "landmark",
        "level",
        "measure",
        "method",
        "quantity",
        "rater",
        "reason",
        "reference",
        "split",
        "structure",
        "truth",
        "unlike_training",
        "verdict",
    }
)


def read_text(path: Path) -> str:
    """Read a file of text.

    Raises:
        RunError: It cannot be read as such.
    """
    try:
        return read_plain_text(path)
    except (OSError, ValueError, DataError) as error:
        raise _unreadable(path, error, "restore it, or remove it") from error


def read_json(path: Path, kind: type[T], remedy: str) -> T:
    """Read a file of JSON.

    Args:
        path: The file.
        kind: What pydantic knows to build.
        remedy: What to do about a file that is damaged.

    Raises:
        RunError: Missing, damaged, or of another kind.
    """
    return parse_json(read_content(path, remedy), path, kind, remedy)


def read_content(path: Path, remedy: str) -> bytes:
    """Read the bytes of a file of text.

    Args:
        path: The file.
        remedy: What to do about a file that is damaged.

    Raises:
        RunError: They cannot be read.
    """
    try:
        return read_plain_bytes(path)
    except (OSError, DataError) as error:
        raise _unreadable(path, error, remedy) from error


def _unreadable(path: Path, error: Exception, remedy: str) -> RunError:
    """The refusal of a file. One that memory is short for is not damaged; its error says more."""
    reason = getattr(error, "strerror", None) or error
    if isinstance(error, MemoryShortageError):
        return RunError(f"{path}: {reason}")
    return RunError(f"{path}: cannot be read ({reason}); {remedy}")


def parse_json(content: bytes, path: Path, kind: type[T], remedy: str) -> T:
    """Parse a file's content, as `read_json` reads it.

    Args:
        content: JSON in UTF-8. Its numbers must be finite, and none larger than `LARGEST`.
        path: The file, for messages.
        kind: What pydantic knows to build.
        remedy: What to do about a file that is damaged.

    Raises:
        RunError: Damaged, or of another kind.
    """
    try:
        text = content.decode("utf-8-sig")
        value = pydantic.TypeAdapter(kind).validate_json(text)
        json.loads(text, parse_constant=_bounded, parse_float=_bounded, parse_int=_bounded)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"])) or "content"
        message = problem["msg"].removeprefix("Value error, ")
        raise RunError(f"{path}: cannot be read ({key:.200}: {message}); {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: cannot be read ({error}); {remedy}") from error
    return value


def _bounded(literal: str) -> float:
    value = float(literal)
    if not abs(value) <= LARGEST:
        raise ValueError(f"{literal:.40} is no number of at most {LARGEST:g}")
    return value


def read_table(path: Path, columns: Iterable[str], remedy: str) -> list[dict[str, str]]:
    """Read a CSV file.

    Args:
        path: The file.
        columns: Names of columns that it must have.
        remedy: What to do about a file that is damaged.

    Returns:
        The rows, each with a value or an empty cell for every column of the header.

    Raises:
        RunError: Missing, damaged, cut off, or without some of ``columns``.
    """
    try:
        text = read_plain_text(path)
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        header = reader.fieldnames or ()
        missing = [column for column in columns if column not in header]
        rows = list(reader)
    except (OSError, ValueError, csv.Error, DataError) as error:
        raise _unreadable(path, error, remedy) from error
    fault = _table_fault(text, header, rows, missing)
    if fault:
        raise RunError(f"{path}: {fault}; {remedy}")
    return [_without_marks(row) for row in rows]


def _table_fault(
    text: str, header: Sequence[str], rows: list[dict[str, str]], missing: list[str]
) -> str | None:
    """What is wrong with a table, if anything; ``missing`` are columns that it should have."""
    if missing:
        return f"has no column '{missing[0]}'"
    if not text.endswith("\n"):
        return "ends within a line"
    if len(set(header)) < len(header):
        return "has two columns of one name"
    if any(None in row or None in row.values() for row in rows):
        return "has a row that does not fit its header"
    return None


def _without_marks(row: dict[str, str]) -> dict[str, str]:
    return {column: without_mark(cell) for column, cell in row.items()}


def is_text(column: str) -> bool:
    """Whether a column of the tables of predictions and scores holds text.

    Every other one holds numbers.
    """
    return column in _TEXT_COLUMNS or column.startswith(SET_PREFIX)


def read_typed(path: Path, columns: Iterable[str], remedy: str) -> list[dict[str, Cell]]:
    """Read a table of predictions or scores.

    Args:
        path: A CSV file.
        columns: Names of columns that have a value in every row.
        remedy: What to do about a file that is damaged.

    Returns:
        The rows: text where `is_text` says so, else finite numbers, or None where a cell is empty.

    Raises:
        RunError: As `read_table` and `number`, or an empty cell in one of ``columns``.
    """
    required = tuple(columns)
    rows = read_table(path, required, remedy)
    for row in rows:
        for column in required:
            if not row[column]:
                raise RunError(f"{path}: has an empty cell in '{column}'; {remedy}")
    return [_typed(path, row, remedy) for row in rows]


def _typed(path: Path, row: dict[str, str], remedy: str) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for column, cell in row.items():
        if is_text(column):
            cells[column] = cell
        else:
            cells[column] = number(path, row, column, remedy)
    return cells


def number(path: Path, row: dict[str, str], column: str, remedy: str) -> float | None:
    """Parse a cell's number.

    Args:
        path: The table, for messages.
        row: Of the table, as `read_table` gives it.
        column: The column of the cell.
        remedy: What to do about a file that is damaged.

    Returns:
        None where the cell is empty.

    Raises:
        RunError: The cell holds something else, no finite number, or one larger than `LARGEST`.
    """
    cell = row.get(column)
    if not cell:
        return None
    quoted = f"{cell:.80}"
    try:
        value = float(cell)
    except ValueError as error:
        raise RunError(f"{path}: '{quoted}' is not a number for '{column}'; {remedy}") from error
    if not math.isfinite(value):
        raise RunError(f"{path}: '{quoted}' is not a finite number for '{column}'; {remedy}")
    if abs(value) > LARGEST:
        raise RunError(
            f"{path}: '{quoted}' is larger than {LARGEST:g}, which no '{column}' is; {remedy}"
        )
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
    """Parse a column that has a number in every row.

    Args:
        path: The table, for messages.
        rows: Its rows, as `read_table` gives them.
        column: The name of the column.
        remedy: What to do about a file that is damaged.
        low: No number is less.
        high: No number is more.

    Returns:
        The numbers ``[n]``.

    Raises:
        RunError: As `number`, an empty cell, or a number that is out of range.
    """
    values = []
    for row in rows:
        value = number(path, row, column, remedy)
        if value is None:
            raise RunError(f"{path}: has an empty cell in '{column}'; {remedy}")
        if not low <= value <= high:
            raise RunError(
                f"{path}: '{row[column]:.80}' is not between {low:g} and {high:g}, "
                f"as '{column}' is; {remedy}"
            )
        values.append(value)
    return np.array(values, float)
