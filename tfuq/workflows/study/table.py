"""The table of a study: a row for each cell, taken from the cells' summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic

from tfuq.config import StudyConfig
from tfuq.data.json_csv import read_json
from tfuq.data.units import PLAIN_IMAGE, in_every_unit
from tfuq.errors import ConfigError
from tfuq.measures.sample_size import unbiased
from tfuq.runs.results import SampleCount
from tfuq.workflows.study.cells import Cell
from tfuq.workflows.study.columns import (
    AREA,
    CORRELATION,
    DIVERSITY,
    MEASURE,
    SCORE,
    TRAIN,
    kind_and_name,
)

ERROR = "error"
SAMPLES = "samples (T)"
GAP = "–"
_AGAIN = "remove it and run the study again"


@dataclass(frozen=True, kw_only=True)
class Table:
    """The table of a study.

    Measures are without the bias of a small T (`tfuq.measures.sample_size.unbiased`).

    Attributes:
        axes: The names of the axes.
        columns: The columns that the study asks for.
        rows: A row for each cell. It has a label for each axis, T, the columns that the cell's
            summary has, and what went wrong under ``error``.
    """

    axes: list[str]
    columns: list[str]
    rows: list[dict[str, Any]]

    def markdown(self) -> str:
        """Format the table: aligned columns, gaps for what failed, and a line for each failure."""
        names = [*self.axes, SAMPLES, *self.columns]
        cells = [names]
        for row in self.rows:
            cells.append([_text(row.get(name)) for name in names])
        parts = [aligned(cells)]
        failures = self._failures()
        if failures:
            parts.append("\n".join(failures) + "\n")
        return "\n".join(parts)

    def _failures(self) -> list[str]:
        lines = []
        for row in self.rows:
            if row.get(ERROR):
                position = ", ".join(row[axis] for axis in self.axes)
                lines.append(f"- {position}: {row[ERROR]}")
        return lines


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns; its first line has their names."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    first, *others = lines
    rule = ["-" * width for width in widths]
    rows = []
    for texts in (first, rule, *others):
        cells = map(str.ljust, texts, widths)
        rows.append(f"| {' | '.join(cells)} |\n")
    return "".join(rows)


def _text(value: str | float | None) -> str:
    if value is None:
        return GAP
    if isinstance(value, str):
        return value
    return f"{value:.4g}"


def table_of(study: StudyConfig, cells: Sequence[Cell], errors: Mapping[str, str]) -> Table:
    """Make the table, as far as cells are finished.

    Args:
        study: The study.
        cells: Its cells.
        errors: What went wrong, by the id of the cell.

    Raises:
        RunError: The summary of a cell is damaged.
        ConfigError: A summary has a column in another unit.
    """
    rows = []
    for cell in cells:
        row: dict[str, Any] = dict(cell.labels)
        if cell.is_finished and cell.id not in errors:
            row |= _values(study, cell)
        row[ERROR] = errors.get(cell.id)
        rows.append(row)
    return Table(axes=list(study.axes), columns=study.table, rows=rows)


def _values(study: StudyConfig, cell: Cell) -> dict[str, float | None]:
    summary = read_json(cell.summary, _Summary, _AGAIN)
    training_scores: _Scores = {}
    if cell.scores_training:
        training_scores = read_json(cell.training_summary, _Summary, _AGAIN).scores
    values: dict[str, float | None] = {SAMPLES: summary.samples}
    for column in study.table:
        values |= _column(summary, training_scores, study.structure, column)
    return values


class _Score(pydantic.BaseModel):
    mean: float
    std: float | None


_Scores = dict[str, dict[str, _Score]]  # by class and name


class _Correlation(pydantic.BaseModel):
    rho: float | None
    lower: float | None = None
    upper: float | None = None
    p: float | None
    n: int


class _Ranked(pydantic.BaseModel):
    measure: str
    aurc: float | None = None


class _OfLandmarks(pydantic.BaseModel):
    mean: float | None = None  # summaries of earlier versions have none


class _Summary(pydantic.BaseModel):
    samples: SampleCount
    scores: _Scores
    measures: dict[str, _OfLandmarks] = {}
    structure_measures: dict[str, dict[str, float | None]] = {}
    spearman_with_dice: dict[str, dict[str, _Correlation]] = {}
    diversity: dict[str, Any] = {}
    failure_detection: dict[str, list[_Ranked]] = {}


def _column(
    summary: _Summary, training_scores: _Scores, structure: str, column: str
) -> dict[str, float | None]:
    """The value of a column, and the columns beside it.

    A score has its standard deviation over cases beside it; a correlation has its interval, p and
    n. Where there is one member, nothing says how members differ.
    """
    kind, name = kind_and_name(column)
    if kind == DIVERSITY:
        return {column: summary.diversity.get(name)}
    if kind == AREA:
        return {column: _area(summary, name)}
    if kind == MEASURE and summary.measures:
        means = {measure: of_all.mean for measure, of_all in summary.measures.items()}
        return {column: unbiased(means, summary.samples).get(name)}
    tables: dict[str, Mapping[str, Mapping[str, Any]]] = {
        SCORE: summary.scores,
        TRAIN: training_scores,
        MEASURE: summary.structure_measures,
        CORRELATION: summary.spearman_with_dice,
    }
    values = tables[kind].get(structure, {})
    _refuse_another_unit(name, values)
    if kind == MEASURE:
        return {column: unbiased(values, summary.samples).get(name)}
    value = values.get(name)
    if value is None:
        return {column: value}
    if isinstance(value, _Score):
        return {column: value.mean, f"{column}_std": value.std}
    return {
        column: value.rho,
        f"{column}_lower": value.lower,
        f"{column}_upper": value.upper,
        f"{column}_p": value.p,
        f"{column}_n": value.n,
    }


def _area(summary: _Summary, measure: str) -> float | None:
    for row in summary.failure_detection.get("case", []):
        if row.measure == measure:
            return row.aurc
    return None


def _refuse_another_unit(name: str, values: Mapping[str, object]) -> None:
    """Refuse a length or size that the summary has in another unit than the column."""
    if name in values:
        return
    for other in in_every_unit([name]):
        if other in values:
            remedy = "name that in 'table'"
            if other == PLAIN_IMAGE.column(name):
                remedy += ", or set data.pixel_mm (of landmarks data.annotations.pixel_mm)"
            raise ConfigError(f"table: '{name}' is '{other}' in this study; {remedy}")
