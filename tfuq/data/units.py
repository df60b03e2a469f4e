"""Units of lengths and sizes, and the columns of tables that are named by them.

Measures and scores are computed in the unit of a case's grid, under the names of scans
(``hd95_mm``, ``volume_mean_mm3``). A plain image is an area, and its pixels have no known width
unless ``data.pixel_mm`` gives it. So its rows are renamed as they enter a table (``hd95_px``,
``area_mean_px2``), and take the names of scans again as they are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

_LENGTH = re.compile(r"(?P<quantity>.+)_(mm|px)")
_SIZE = re.compile(r"(volume|area)(?P<quantity>.*)_(mm3|mm2|px2)")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Unit:
    """The unit of a grid.

    Attributes:
        length: Of a voxel's side, as columns end: ``mm`` or ``px``.
        size: Of a structure, likewise: ``mm3``, ``mm2`` or ``px2``.
        noun: What a structure's size is: ``volume`` or ``area``.
        length_symbol: ``length`` as people write it.
        size_symbol: ``size`` as people write it.
    """

    length: Literal["mm", "px"]
    size: str
    noun: str
    length_symbol: str
    size_symbol: str

    def column(self, name: str) -> str:
        """Name a column of lengths or sizes by this unit; other names stay as they are."""
        match = _SIZE.fullmatch(name)
        if match:
            return f"{self.noun}{match['quantity']}_{self.size}"
        match = _LENGTH.fullmatch(name)
        if match:
            return f"{match['quantity']}_{self.length}"
        return name

    def named(self, row: Mapping[str, _Value]) -> dict[str, _Value]:
        """Name the columns of a row by this unit; its numbers must be in this unit already."""
        return {self.column(name): value for name, value in row.items()}


SCAN = Unit("mm", "mm3", "volume", "mm", "mm³")
SIZED_IMAGE = Unit("mm", "mm2", "area", "mm", "mm²")
PLAIN_IMAGE = Unit("px", "px2", "area", "pixel", "pixel²")
UNITS = (SCAN, SIZED_IMAGE, PLAIN_IMAGE)


def in_every_unit(names: Iterable[str]) -> list[str]:
    """Name columns by every unit that they can be in, each name once."""
    columns: dict[str, None] = {}
    for name in names:
        columns |= dict.fromkeys(unit.column(name) for unit in UNITS)
    return list(columns)


def is_size(name: str) -> bool:
    """Whether a column holds volumes or areas."""
    return _SIZE.fullmatch(name) is not None


def symbol_of(name: str) -> str | None:
    """The unit of a column of lengths or sizes as people write it; None of other columns."""
    match = _SIZE.fullmatch(name) or _LENGTH.fullmatch(name)
    if not match:
        return None
    symbols: dict[str, str] = {}
    for unit in UNITS:
        symbols[unit.length] = unit.length_symbol
        symbols[unit.size] = unit.size_symbol
    return symbols[match[match.lastindex or 0]]
