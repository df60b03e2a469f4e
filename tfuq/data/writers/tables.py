"""Tables as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfuq.data import disk
from tfuq.data.writers.text import write_text
from tfuq.data.writers.whole import whole_file
from tfuq.errors import DataError

# A spreadsheet takes a cell that begins so for a formula; a mark before it keeps it a text.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MARK = "'"
_Row = Mapping[str, Any]  # text, numbers or None by column


def write_csv(path: Path, rows: Iterable[_Row]) -> None:
    """Write rows under the union of their columns.

    Args:
        path: The file.
        rows: Text and numbers by column. None and NaN, which are of what is not defined, become
            empty cells.

    Raises:
        DataError: A number is infinite.
        RunError: As `tfuq.data.writers.write_bytes`.
        TfuqError: As `tfuq.data.writers.write_bytes`.
    """
    rows = list(rows)
    columns: dict[str, None] = {}
    for row in rows:
        _require_finite(path, row)
        columns |= dict.fromkeys(row)
    lines = [list(columns)]
    for row in rows:
        lines.append([_cell(row.get(column)) for column in columns])
    write_text(path, _as_csv(lines))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[_Row]) -> None:
    """Write rows as they come, so that a table may be larger than the memory.

    Args:
        path: The file.
        columns: Of the table.
        rows: As `write_csv` takes them.

    Raises:
        DataError: As `write_csv`.
        RunError: As `tfuq.data.writers.whole_file`.
        TfuqError: As `tfuq.data.writers.whole_file`.
    """
    with whole_file(path) as draft, disk.open_log(draft) as file:
        disk.write(file, _as_csv([list(columns)]).encode())
        for row in rows:
            _require_finite(path, row)
            cells = [_cell(row.get(column)) for column in columns]
            disk.write(file, _as_csv([cells]).encode())


def csv_line(values: Sequence[Any]) -> str:
    """A line of a table, with its end, as `write_csv` writes it.

    Args:
        values: Of the cells.
    """
    return _as_csv([[_cell(value) for value in values]])


def rows_as_text(path: Path, rows: Iterable[_Row]) -> list[dict[str, str]]:
    """Rows as `tfuq.data.json_csv.read_table` reads them of what `write_csv` wrote.

    Args:
        path: The file that they are for, for messages.
        rows: As `write_csv` takes them.

    Raises:
        DataError: As `write_csv`.
    """
    texts = []
    for row in rows:
        _require_finite(path, row)
        texts.append({column: without_mark(_cell(value)) for column, value in row.items()})
    return texts


def _as_csv(lines: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    usual = csv.writer(buffer, lineterminator="\n")
    quoting = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for cells in lines:
        writer = usual
        if any("\r" in cell for cell in cells):  # which Python's csv does not quote by itself
            writer = quoting
        writer.writerow(cells)
    return buffer.getvalue()


def _require_finite(path: Path, row: _Row) -> None:
    for column, value in row.items():
        if _is_float(value) and np.isinf(value):
            raise DataError(
                f"{path}: is not written, as {column} is {value}; "
                "look at the numbers that it was made of by tfuq doctor"
            )


def _is_float(value: object) -> bool:
    return isinstance(value, (float, np.floating))


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if _is_float(value):
        return f"{value:.6g}"
    return _marked(str(value))


def _marked(text: str) -> str:
    if _FORMULA.match(text) and not _is_number(text):
        return _MARK + text
    return text


def without_mark(text: str) -> str:
    """A cell's text as it was before `write_csv` marked it."""
    if text.startswith(_MARK) and _FORMULA.match(text):
        return text.removeprefix(_MARK)
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
