"""Landmark positions from text: the ISBI 2015 cephalometric annotations, and tables of any image set.

A landmark is missing where both its coordinates are empty, ``nan`` or ``-1`` (in an annotation file also where its line is empty);
it is then NaN, NaN. Any other position is taken as it stands: whether it lies in the image is known only beside the image.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfuq.data.readers.text import read_plain_text
from tfuq.errors import DataError, missing_file

Position = tuple[float, float]
ISBI_2015_LANDMARKS = (
    "sella", "nasion", "orbitale", "porion", "subspinale", "supramentale", "pogonion", "menton", "gnathion", "gonion",
    "lower incisor tip", "upper incisor tip", "upper lip", "lower lip", "subnasale", "soft tissue pogonion",
    "posterior nasal spine", "anterior nasal spine", "articulare",
)  # fmt: skip
_MISSING = (math.nan, math.nan)
_IMAGE_COLUMNS = ("file", "id")
_TABLE_FORMS = "columns file (or id), landmark, x, y, or file (or id), X1, Y1, X2, Y2 …"


def read_points(path: Path, count: int) -> np.ndarray:
    """The first ``count`` lines ``x,y`` of an annotation file as ``[count, 2]``; what follows them is not read.

    Raises:
        DataError: missing or unreadable, fewer lines, or a line that is not two finite numbers.
    """
    lines = _text(path).splitlines()[:count]
    if len(lines) < count:
        raise DataError(f"{path}: has {len(lines)} lines, and {count} landmarks are needed, one a line; complete the file")
    return np.array([_line(line, f"{path}: line {number}") for number, line in enumerate(lines, start=1)]).reshape(count, 2)


def read_landmark_table(path: Path) -> dict[str, dict[str, Position]]:
    """Image name → landmark name → (x, y) of a CSV file, in its order; columns by name in either case, others are not read.

    In the long form (file, landmark, x, y) a landmark may also be missing by having no row: it is then absent. In the wide form
    (file, X1, Y1, X2, Y2 …) the landmarks are named "1", "2" ….

    Raises:
        DataError: missing or unreadable, unknown columns, no rows, a landmark given twice, or a value that is no finite number.
    """
    rows = list(_rows(path))
    if not rows:
        raise DataError(f"{path}: has no rows; give {_TABLE_FORMS}")
    columns = list(rows[0][1])
    image = next((name for name in _IMAGE_COLUMNS if name in columns), None)
    pairs = _numbered_pairs(columns)
    if image and {"landmark", "x", "y"} <= set(columns):
        entries = ((row[image], row["landmark"], _position(row["x"], row["y"], where), where) for where, row in rows)
    elif image and pairs:
        entries = (
            (row[image], number, _position(row[f"x{number}"], row[f"y{number}"], where), where)
            for where, row in rows
            for number in pairs
        )
    else:
        raise DataError(f"{path}: its columns are {', '.join(columns)}; give {_TABLE_FORMS}")
    return _by_image(entries)


def _by_image(entries) -> dict[str, dict[str, Position]]:
    table: dict[str, dict[str, Position]] = {}
    for image, landmark, position, where in entries:
        if not image or not landmark:
            raise DataError(f"{where}: the {'landmark' if image else 'file'} is empty; name one in every row")
        if landmark in table.setdefault(image, {}):
            raise DataError(f"{where}: landmark '{landmark}' of '{image}' is given twice; keep one row")
        table[image][landmark] = position
    return table


def _numbered_pairs(columns: list[str]) -> list[str]:
    """The numbers n of the columns xn that have a yn, if no number lacks its twin."""
    numbers = {axis: [m[1] for c in columns if (m := re.fullmatch(rf"{axis}(\d+)", c))] for axis in "xy"}
    return numbers["x"] if sorted(numbers["x"]) == sorted(numbers["y"]) else []


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row as where it stands and its cells by column, stripped, columns in lower case; empty rows are left out."""
    reader = csv.reader(_text(path).splitlines(), strict=True)
    try:
        columns = [cell.strip().lower() for cell in next(reader, [])]
        twice = next((name for place, name in enumerate(columns) if name in columns[:place]), None)
        if twice is not None:
            raise DataError(f"{path}: has two columns '{twice}'; keep one")
        for cells in reader:
            where = f"{path}: line {reader.line_num}"
            if len(cells) not in (0, len(columns)):
                raise DataError(f"{where}: has {len(cells)} cells, and there are {len(columns)} columns; mend the line")
            if any(cell.strip() for cell in cells):
                yield where, dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: not readable as CSV ({error}); mend the line") from error


def _line(line: str, where: str) -> Position:
    if not line.strip():
        return _MISSING
    parts = line.split(",")
    if len(parts) != 2:
        raise DataError(
            f"{where}: is '{line.strip()[:80]}'; give x,y in pixels, or leave the line empty where the landmark is missing"
        )
    return _position(*parts, where)


def _position(x: str, y: str, where: str) -> Position:
    """Two texts as a position; both without a number, or both −1, mean a missing landmark."""
    pair = _number(x, where), _number(y, where)
    if pair == (-1, -1) or all(math.isnan(value) for value in pair):
        return _MISSING
    if not all(math.isfinite(value) for value in pair):
        raise DataError(
            f"{where}: position is '{x.strip()}', '{y.strip()}'; give two finite numbers, or none where it is missing"
        )
    return pair


def _number(text: str, where: str) -> float:
    try:
        return float(text) if text.strip() else math.nan
    except ValueError as error:
        raise DataError(f"{where}: '{text.strip()[:80]}' is not a number; give pixels, such as 835 or 835.5") from error


def _text(path: Path) -> str:
    try:
        return read_plain_text(path)
    except FileNotFoundError as error:
        raise missing_file(path) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file; give {_TABLE_FORMS}, or lines x,y") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
