"""Doses of structures in lines: a table of values, one of constraints, and remarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfuq.scoring.rows import Row

if TYPE_CHECKING:
    from tfuq.scoring.evaluation.dose_effects import DoseEffects

_MOST_ROWS = 60  # of a table on the screen
_SIGNIFICANT = 4  # digits
_WORDS = {"undecided": "undecided within the samples", None: "not told"}


def dose_lines(effects: DoseEffects) -> Iterator[str]:
    """Lines on doses: values with their spread, then constraints, then what is to be known.

    Args:
        effects: What ``tfuq dose`` found.
    """
    yield f"{effects.summary['method']}: T = {effects.summary['samples']}, Gy, cm³ and %"
    yield from _table([list(_HEAD), *_value_rows(effects)], "dose.csv")
    if effects.constraints:
        verdicts = [_verdict_cells(row) for row in effects.constraints]
        yield from _table([list(_VERDICT_HEAD), *verdicts], "constraints.csv")
    yield from _remarks(effects.values)


_HEAD = ("case", "structure", "", "mean", "2.5 %", "97.5 %", "unit")
_VERDICT_HEAD = ("case", "structure", "constraint", "verdict", "met in")


def _value_rows(effects: DoseEffects) -> Iterator[list[str]]:
    for row in effects.values:
        for quantity in effects.quantities:
            name = quantity.name
            numbers = [row.get(name), row.get(f"{name}_lower"), row.get(f"{name}_upper")]
            cells = [row["case"], row["class"], quantity.symbol, *map(_cell, numbers)]
            yield [*cells, quantity.unit]


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.{_SIGNIFICANT}g}"


def _verdict_cells(row: Row) -> list[str]:
    verdict = _WORDS.get(row["verdict"], row["verdict"])
    met = f"{row.get('met_in', 0)} of {row['samples']} samples"
    return [row["case"], row["class"], row["constraint"], verdict, met]


def _table(rows: list[list[str]], file: str) -> Iterator[str]:
    """Aligned rows, the first ones where there are many."""
    shown = rows[: _MOST_ROWS + 1]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()
    if len(rows) > len(shown):
        yield f"… and {len(rows) - len(shown)} more in {file}"


def _remarks(values: list[Row]) -> Iterator[str]:
    for row in values:
        head = f"{row['case']}, {row['class']}"
        if row["absent_from"]:
            yield f"{head}: absent from {row['absent_from']} of {row['samples']} samples"
        beyond = row["beyond_dose_percent"]
        if beyond:
            yield (
                f"{head}: {beyond:.3g} % of its voxels lie beyond the dose grid and count as 0 Gy, "
                "so doses may be too low"
            )
