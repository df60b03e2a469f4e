"""Landmark positions from text: ISBI 2015 cephalometric annotations, and tables of any image set.

A landmark is missing where both its coordinates are empty, ``nan`` or ``-1``; in an annotation file
also where its line is empty. It is then NaN, NaN. Any other position is taken as it stands: whether
it lies in the image is known only beside the image.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfuq.data.on_use import ModuleOnUse
from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError, missing_file

if TYPE_CHECKING:
    import numpy as np
else:
    np = ModuleOnUse("numpy")

Position = tuple[float, float]
ISBI_2015_LANDMARKS = (
    "sella",
    "nasion",
    "orbitale",
    "porion",
    "subspinale",
    "supramentale",
    "pogonion",
    "menton",
    "gnathion",
    "gonion",
    "lower incisor tip",
    "upper incisor tip",
    "upper lip",
    "lower lip",
    "subnasale",
    "soft tissue pogonion",
    "posterior nasal spine",
    "anterior nasal spine",
    "articulare",
)
_MISSING = (math.nan, math.nan)
_IMAGE_COLUMNS = ("file", "id")
_TABLE_FORMS = "columns file (or id), landmark, x, y, or file (or id), X1, Y1, X2, Y2 …"
_MOST_QUOTED = 80  # characters of a cell that a message quotes


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row of a table.

    Attributes:
        line: The file and the number of the line, for messages.
        cells: The cells by column, stripped; columns are in lower case.
    """

    line: str
    cells: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One landmark of one image, and the line that it is from."""

    line: str
    image: str
    landmark: str
    position: Position


def read_points(path: Path, count: int) -> np.ndarray:
    """Read the first lines ``x,y`` of an annotation file; what follows them is not read.

    Args:
        path: The file.
        count: How many landmarks to read.

    Returns:
        The positions ``[count, 2]``.

    Raises:
        DataError: Missing or unreadable, fewer lines, or a line that is not two finite numbers.
    """
    lines = _text(path).splitlines()[:count]
    if len(lines) < count:
        raise DataError(
            f"{path}: has {len(lines)} lines, and {count} landmarks are needed, one a line; "
            "complete the file"
        )
    positions = []
    for number, line in enumerate(lines, start=1):
        positions.append(_position_of_line(line, f"{path}: line {number}"))
    return np.array(positions).reshape(count, 2)


def read_landmark_table(path: Path) -> dict[str, dict[str, Position]]:
    """Read a CSV file of landmarks; columns go by name in either case, others are not read.

    In the long form (file, landmark, x, y) a landmark may also be missing by having no row: it is
    then absent. In the wide form (file, X1, Y1, X2, Y2 …) the landmarks are named "1", "2" ….

    Returns:
        The position ``(x, y)`` of each landmark of each image, in the order of the file.

    Raises:
        DataError: Missing or unreadable, unknown columns, no rows, a landmark given twice, or a
            value that is no finite number.
    """
    rows = list(_rows(path))
    if not rows:
        raise DataError(f"{path}: has no rows; give {_TABLE_FORMS}")
    columns = list(rows[0].cells)
    image_column = _image_column(columns)
    numbers = _numbered_pairs(columns)
    if image_column and {"landmark", "x", "y"} <= set(columns):
        return _by_image(_long_entries(rows, image_column))
    if image_column and numbers:
        return _by_image(_wide_entries(rows, image_column, numbers))
    raise DataError(f"{path}: its columns are {', '.join(columns)}; give {_TABLE_FORMS}")


def _image_column(columns: list[str]) -> str | None:
    for name in _IMAGE_COLUMNS:
        if name in columns:
            return name
    return None


def _long_entries(rows: list[_Row], image_column: str) -> Iterator[_Entry]:
    for row in rows:
        yield _Entry(
            line=row.line,
            image=row.cells[image_column],
            landmark=row.cells["landmark"],
            position=_position(row.cells["x"], row.cells["y"], row.line),
        )


def _wide_entries(rows: list[_Row], image_column: str, numbers: list[str]) -> Iterator[_Entry]:
    for row in rows:
        for number in numbers:
            x = row.cells[f"x{number}"]
            y = row.cells[f"y{number}"]
            yield _Entry(
                line=row.line,
                image=row.cells[image_column],
                landmark=number,
                position=_position(x, y, row.line),
            )


def _by_image(entries: Iterable[_Entry]) -> dict[str, dict[str, Position]]:
    table: dict[str, dict[str, Position]] = {}
    for entry in entries:
        _require_names(entry)
        positions = table.setdefault(entry.image, {})
        if entry.landmark in positions:
            raise DataError(
                f"{entry.line}: landmark '{entry.landmark}' of '{entry.image}' is given twice; "
                "keep one row"
            )
        positions[entry.landmark] = entry.position
    return table


def _require_names(entry: _Entry) -> None:
    empty = None
    if not entry.image:
        empty = "file"
    elif not entry.landmark:
        empty = "landmark"
    if empty:
        raise DataError(f"{entry.line}: the {empty} is empty; name one in every row")


def _numbered_pairs(columns: list[str]) -> list[str]:
    """The numbers n of the columns xn that have a yn, if no number lacks its twin."""
    x_numbers = _numbers_after("x", columns)
    y_numbers = _numbers_after("y", columns)
    if sorted(x_numbers) != sorted(y_numbers):
        return []
    return x_numbers


def _numbers_after(axis: str, columns: list[str]) -> list[str]:
    matches = [re.fullmatch(rf"{axis}(\d+)", column) for column in columns]
    return [match[1] for match in matches if match]


def _rows(path: Path) -> Iterator[_Row]:
    """Each row that is not empty."""
    reader = csv.reader(_text(path).splitlines(), strict=True)
    try:
        columns = [cell.strip().lower() for cell in next(reader, [])]
        _require_different(path, columns)
        for written in reader:
            line = f"{path}: line {reader.line_num}"
            cells = [cell.strip() for cell in written]
            if len(cells) not in (0, len(columns)):
                raise DataError(
                    f"{line}: has {len(cells)} cells, and there are {len(columns)} columns; "
                    "mend the line"
                )
            if any(cells):
                yield _Row(line=line, cells=dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise DataError(
            f"{path}: line {reader.line_num}: not readable as CSV ({error}); mend the line"
        ) from error


def _require_different(path: Path, columns: list[str]) -> None:
    for index, name in enumerate(columns):
        if name in columns[:index]:
            raise DataError(f"{path}: has two columns '{name}'; keep one")


def _position_of_line(line: str, line_name: str) -> Position:
    """The position of a line ``x,y``; ``line_name`` is its file and number, for messages."""
    if not line.strip():
        return _MISSING
    coordinates = line.split(",")
    if len(coordinates) != 2:
        quoted = line.strip()[:_MOST_QUOTED]
        raise DataError(
            f"{line_name}: is '{quoted}'; give x,y in pixels, "
            "or leave the line empty where the landmark is missing"
        )
    x, y = coordinates
    return _position(x, y, line_name)


def _position(x_text: str, y_text: str, line_name: str) -> Position:
    """Two texts as a position; both without a number, or both −1, mean a missing landmark."""
    x = _number(x_text, line_name)
    y = _number(y_text, line_name)
    if x == y == -1 or (math.isnan(x) and math.isnan(y)):
        return _MISSING
    if not (math.isfinite(x) and math.isfinite(y)):
        raise DataError(
            f"{line_name}: position is '{x_text.strip()}', '{y_text.strip()}'; "
            "give two finite numbers, or none where it is missing"
        )
    return x, y


def _number(text: str, line_name: str) -> float:
    if not text.strip():
        return math.nan
    try:
        return float(text)
    except ValueError as error:
        quoted = text.strip()[:_MOST_QUOTED]
        raise DataError(
            f"{line_name}: '{quoted}' is not a number; give pixels, such as 835 or 835.5"
        ) from error


def _text(path: Path) -> str:
    try:
        return read_plain_text(path)
    except FileNotFoundError as error:
        raise missing_file(path) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file; give {_TABLE_FORMS}, or lines x,y") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
