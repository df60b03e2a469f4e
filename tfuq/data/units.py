"""Units of lengths and sizes, and the columns of tables that are named by them.

Measures and scores are computed in the unit of a case's grid, under the names of scans (``hd95_mm``, ``volume_mean_mm3``). A plain
image is an area, and its pixels have no known width unless ``data.pixel_mm`` gives it. So its rows are renamed as they enter a
table (``hd95_px``, ``area_mean_px2``), and take the names of scans again as they are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_LENGTH = re.compile(r"(?P<what>.+)_(mm|px)")
_SIZE = re.compile(r"(volume|area)(?P<what>.*)_(mm3|mm2|px2)")


@dataclass(frozen=True)
class Unit:
    """The unit of a grid.

    Attributes:
        length: of a voxel's side, as columns end: ``mm`` or ``px``.
        size: of a structure, likewise: ``mm3``, ``mm2`` or ``px2``.
        noun: what a structure's size is: ``volume`` or ``area``.
        length_symbol: ``length`` as people write it.
        size_symbol: ``size`` as people write it.
    """

    length: str
    size: str
    noun: str
    length_symbol: str
    size_symbol: str

    def column(self, name: str) -> str:
        """Name a column of lengths or sizes by this unit; other names stay as they are."""
        if match := _SIZE.fullmatch(name):
            return f"{self.noun}{match['what']}_{self.size}"
        if match := _LENGTH.fullmatch(name):
            return f"{match['what']}_{self.length}"
        return name

    def named(self, row: Mapping) -> dict:
        """Name the columns of a row by this unit; its numbers must be in this unit already."""
        return {self.column(name): value for name, value in row.items()}


SCAN = Unit("mm", "mm3", "volume", "mm", "mm³")
SIZED_IMAGE = Unit("mm", "mm2", "area", "mm", "mm²")
PLAIN_IMAGE = Unit("px", "px2", "area", "pixel", "pixel²")
UNITS = (SCAN, SIZED_IMAGE, PLAIN_IMAGE)


def in_every_unit(names: Iterable[str]) -> list[str]:
    """Names of columns, each by every unit that it can be in."""
    return list(dict.fromkeys(unit.column(name) for name in names for unit in UNITS))


def is_size(name: str) -> bool:
    """Say whether a column holds volumes or areas."""
    return _SIZE.fullmatch(name) is not None


def symbol_of(name: str) -> str | None:
    """The unit of a column of lengths or sizes as people write it; None of other columns."""
    symbols = {unit.length: unit.length_symbol for unit in UNITS} | {unit.size: unit.size_symbol for unit in UNITS}
    match = _SIZE.fullmatch(name) or _LENGTH.fullmatch(name)
    return symbols[match[match.lastindex or 0]] if match else None
