"""Scores and measures by the names that people give them, with unit, and with what is better."""

from __future__ import annotations

from dataclasses import dataclass

from tfuq.measures.catalogue import MEASURES, unit_of_all
from tfuq.report.page.tables import readable_name
from tfuq.scoring.comparison import unit_of
from tfuq.scoring.metrics import METRICS

_BETTER = {
    "higher": ("↑", "higher is better"),
    "lower": ("↓", "lower is better"),
    "nearer zero": ("→ 0", "nearer zero is better"),
    None: ("", "neither good nor bad"),
}
_CERTAINTY = {
    "less certain": ("↑", "higher is less certain"),
    "more certain": ("↓", "lower is less certain"),
    None: ("", "says nothing of certainty"),
}


@dataclass(frozen=True, kw_only=True)
class Name:
    """A score or a measure as tables name it.

    Attributes:
        title: What people call it.
        symbol: The abbreviation or formula that papers print; None where there is none.
        unit: As people write it; None of plain numbers.
        arrow: Which way is better, or less certain; empty where no way is.
        meaning: The same in words.
    """

    title: str
    symbol: str | None = None
    unit: str | None = None
    arrow: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        """Title and unit, for where there is no room for more."""
        if self.unit is None:
            return self.title
        return f"{self.title} ({self.unit})"


def name_of(column: str) -> Name:
    """Name a column; one that is neither a score nor a measure by its words alone.

    Args:
        column: Of a table.
    """
    if column in METRICS:
        metric = METRICS[column]
        arrow, meaning = _BETTER[metric.better]
        return Name(
            title=metric.title,
            symbol=metric.symbol,
            unit=unit_of(column),
            arrow=arrow,
            meaning=meaning,
        )
    if column in MEASURES:
        measure = MEASURES[column]
        arrow, meaning = _CERTAINTY[measure.orientation]
        unit = unit_of_all(column)
        return Name(
            title=measure.title,
            symbol=measure.symbol,
            unit=None if unit == "1" else unit,
            arrow=arrow,
            meaning=meaning,
        )
    return Name(title=readable_name(column))
