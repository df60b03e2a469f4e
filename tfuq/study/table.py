"""The table of a study: a row per cell, taken from the cells' summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pydantic

from tfuq.config import StudyConfig
from tfuq.data.stored import read_json
from tfuq.data.units import in_every_unit
from tfuq.errors import ConfigError, nearest
from tfuq.measures.sample_size import unbiased
from tfuq.measures.structure import MEASURES
from tfuq.results import SampleCount
from tfuq.scoring.metrics import metrics_of
from tfuq.study.cells import Cell

ERROR, SAMPLES = "error", "samples (T)"
_GAP = "–"
_OF_STRUCTURES = ("measure", "correlation")


@dataclass(frozen=True)
class Table:
    """``rows`` have the axes' labels, T, the columns that are there, and what went wrong under ``error``.

    Measures are without the bias of a small T (`tfuq.measures.sample_size.unbiased`).
    """

    axes: list[str]
    columns: list[str]
    rows: list[dict]

    def markdown(self) -> str:
        """Columns aligned, gaps for what failed, and a line for each failure."""
        names = [*self.axes, SAMPLES, *self.columns]
        cells = [names, *([_shown(row.get(name)) for name in names] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        cells.insert(1, ["-" * width for width in widths])
        lines = [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in cells]
        failed = [f"- {', '.join(row[axis] for axis in self.axes)}: {row[ERROR]}" for row in self.rows if row.get(ERROR)]
        return "\n".join([*lines, *(["", *failed] if failed else [])]) + "\n"


def _shown(value: str | float | None) -> str:
    if value is None:
        return _GAP
    return value if isinstance(value, str) else f"{value:.4g}"


def check_columns(study: StudyConfig, cells: Sequence[Cell]) -> None:
    """Refuse columns and structures that the summary of a cell will not have.

    Raises:
        ConfigError: naming the nearest that one will.
    """
    for column in study.table:
        kind, _ = _parts(column)
        if kind in _OF_STRUCTURES and study.structure == "all":
            raise ConfigError(f"{study.name}: {column} is of one structure; name it in 'structure', which is 'all'")
    for cell in cells:
        _check_cell(study, cell)


def _check_cell(study: StudyConfig, cell: Cell) -> None:
    task, data = cell.config.task, cell.config.data
    for column in study.table:
        kind, name = _parts(column)
        known = _names(kind, task)
        if name not in known:
            hint = nearest(name, known or metrics_of(task))
            raise ConfigError(f"{study.name}: table has no column '{column}' for a cell of {task}{hint}")
    known = ["all", *{"segmentation": data.structures, "landmarks": data.landmarks}.get(task, ())]
    if study.structure not in known:
        raise ConfigError(f"{study.name}: no structure '{study.structure}' in cell {cell.id}{nearest(study.structure, known)}")


def _names(kind: str, task: str) -> Sequence[str]:
    """What a kind of column may show of a task."""
    if kind == "score":
        return metrics_of(task)
    return in_every_unit(MEASURES) if kind in _OF_STRUCTURES and task == "segmentation" else ()


def _parts(column: str) -> tuple[str, str]:
    kind, dot, name = column.partition(".")
    return (kind, name) if dot else ("score", column)


def table_of(study: StudyConfig, cells: Sequence[Cell], errors: Mapping[str, str]) -> Table:
    """The table as far as cells are finished; ``errors`` by the id of the cell."""
    rows = []
    for cell in cells:
        found = _figures(study, cell) if cell.is_finished and cell.id not in errors else {}
        rows.append({**cell.labels, **found, ERROR: errors.get(cell.id)})
    return Table(list(study.axes), study.table, rows)


def _figures(study: StudyConfig, cell: Cell) -> dict[str, float | None]:
    summary = read_json(cell.summary, _Summary, "remove it and run the study again")
    found: dict[str, float | None] = {SAMPLES: summary.samples}
    for column in study.table:
        found |= _column(summary, study.structure, column)
    return found


class _Score(pydantic.BaseModel):
    mean: float
    std: float | None


class _Correlation(pydantic.BaseModel):
    rho: float | None
    lower: float | None = None
    upper: float | None = None
    p: float | None
    n: int


class _Summary(pydantic.BaseModel):
    samples: SampleCount
    scores: dict[str, dict[str, _Score]]
    structure_measures: dict[str, dict[str, float | None]] = {}
    spearman_with_dice: dict[str, dict[str, _Correlation]] = {}


def _column(summary: _Summary, structure: str, column: str) -> dict[str, float | None]:
    """The figure, and beside a score its standard deviation over cases, beside a correlation its interval, p and n."""
    kind, name = _parts(column)
    tables = {"score": summary.scores, "measure": summary.structure_measures, "correlation": summary.spearman_with_dice}
    values = tables[kind].get(structure, {})
    _refuse_another_unit(name, values)
    if kind == "measure":
        return {column: unbiased(values, summary.samples).get(name)}
    value = values.get(name)
    if value is None:
        return {column: value}
    if isinstance(value, _Score):
        return {column: value.mean, f"{column}_std": value.std}
    found = {end: getattr(value, end) for end in ("lower", "upper", "p", "n")}
    return {column: value.rho, **{f"{column}_{end}": figure for end, figure in found.items()}}


def _refuse_another_unit(name: str, figures: Mapping) -> None:
    """Refuse a length or size that the summary has in another unit than the column is named by."""
    others = [other for other in in_every_unit([name]) if other in figures]
    if others and name not in figures:
        raise ConfigError(f"table: '{name}' is '{others[0]}' in this study; name that in 'table', or set data.pixel_mm")
