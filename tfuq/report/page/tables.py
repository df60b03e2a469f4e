"""Tables and figures as they lie in score folders.

What tfuq score comes to write appears on the page by itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tfuq.data.budget import require_memory
from tfuq.errors import RunError
from tfuq.report.page.sheets import encoded
from tfuq.report.page.source import Source

_MOST_ROWS = 400
_COLOURS = 64
_MOST_PIXELS = 40_000_000  # of a figure
_PIXEL_BYTES = 16  # as it is decoded, in three colours, and in few
_MOST_REASON = 160  # characters
_OTHER_SECTIONS = (  # keys of the summary that other sections of the page have
    "method",
    "samples",
    "seed",
    "weights_digest",
    "missing_members",
    "definitions",
    "cases",
    "missing_cases",
    "reference",
    "label_values",
    "structure_names",
    "scores",
    "files",
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of text cells.

    Attributes:
        title: What it is.
        columns: The names of its columns.
        rows: Its cells.
        left_out: How many further rows it has in the score folder.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    left_out: int = 0


def tables_of(source: Source) -> list[Table]:
    """The CSV files of a score folder, then what only ``summary.json`` has."""
    tables = []
    known_columns = []
    for name, rows in source.tables.items():
        if rows:
            known_columns.append(set(rows[0]))
            tables.append(_table(name, rows))
    for name, value in source.summary.items():
        if name in _OTHER_SECTIONS:
            continue
        rows = list(_flat_rows(value))
        if rows and not _is_known(rows[0], known_columns):
            tables.append(_table(name, rows))
    return tables


def _is_known(row: Mapping[str, object], known_columns: list[set[str]]) -> bool:
    """Whether a table of the folder has all columns of a row."""
    columns = set(row) - {"of"}
    return any(map(columns.issubset, known_columns))


def _table(name: str, rows: list[dict[str, Any]]) -> Table:
    columns: dict[str, None] = {}
    for row in rows:
        columns |= dict.fromkeys(row)
    cells = []
    for row in rows[:_MOST_ROWS]:
        cells.append([_cell(row.get(column)) for column in columns])
    return Table(
        title=readable_name(name),
        columns=list(columns),
        rows=cells,
        left_out=max(len(rows) - _MOST_ROWS, 0),
    )


def _flat_rows(value: object, path: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Nested dictionaries and lists of them as flat rows; "of" says what each belongs to."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield from _flat_rows(item, path)
    elif isinstance(value, dict):
        plain = {key: item for key, item in value.items() if not _is_nested(item)}
        if plain and path:
            yield {"of": ", ".join(path), **plain}
        elif plain:
            yield plain
        for key, item in value.items():
            if _is_nested(item):
                yield from _flat_rows(item, (*path, key))


def _is_nested(value: object) -> bool:
    return isinstance(value, (dict, list))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def readable_name(name: str) -> str:
    """Write the name of a file or a key as words."""
    return name.replace("_", " ").replace("-", " ")


def figures_of(source: Source) -> list[tuple[str, str]]:
    """Title and address of each figure, in few colours.

    Figures of single cases are left out, as the viewer shows those.

    Raises:
        RunError: A figure is damaged.
    """
    figures = []
    for path in source.figures:
        if not path.name.startswith("case-"):
            figures.append((readable_name(path.stem), _few_colours(path)))
    return figures


def _few_colours(path: Path) -> str:
    try:
        with warnings.catch_warnings(), Image.open(path, formats=("PNG",)) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError(
                    f"{image.width} × {image.height} pixels, which no figure of tfuq has"
                )
            require_memory([image.height, image.width], _PIXEL_BYTES, "pixels")
            return encoded(image.convert("RGB").quantize(_COLOURS))
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        reason = " ".join(str(error).split())[:_MOST_REASON] or type(error).__name__
        raise RunError(
            f"{path}: not a readable picture ({reason}); remove it, or run tfuq score again"
        ) from error
