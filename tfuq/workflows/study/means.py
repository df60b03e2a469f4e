"""Means of a study's table over an axis that repeats the others, such as seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from tfuq.config import StudyConfig
from tfuq.workflows.study.table import GAP, Table, aligned

_SHARE = 0.95
_N = "n"


@dataclass(frozen=True, kw_only=True)
class Means:
    """Means over repetitions, and how far they are from those of a baseline.

    Attributes:
        axes: The names of the axes that are left.
        columns: The columns that the study asks for.
        rows: A row for each combination of labels. It has the label of each axis, the number of
            repetitions that ended, and of each column the mean, the ends of its interval of 95 %,
            and the same of its difference from the baseline, where there is one.
    """

    axes: list[str]
    columns: list[str]
    rows: list[dict[str, Any]]

    def markdown(self) -> str:
        """Format them: each mean with half of its interval, and its difference beside it."""
        has_difference = any(_difference(name) in row for row in self.rows for name in self.columns)
        names = [*self.axes, _N]
        for column in self.columns:
            names.append(column)
            if has_difference:
                names.append("difference")
        lines = [names]
        for row in self.rows:
            cells = [str(row[name]) for name in (*self.axes, _N)]
            for column in self.columns:
                cells.append(_with_half(row, column))
                if has_difference:
                    cells.append(_with_half(row, _difference(column)))
            lines.append(cells)
        return aligned(lines)


def means_of(study: StudyConfig, table: Table) -> Means | None:
    """Take the means over the axis ``study.over``.

    Intervals are Student's, of repetitions that are independent and about normal. Differences are
    those of pairs of one repetition, as a seed has the same start and the same order of examples.

    Args:
        study: The study.
        table: Its table.

    Returns:
        None of a study that repeats nothing.
    """
    if study.over is None:
        return None
    axes = [axis for axis in table.axes if axis != study.over]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in table.rows:
        groups.setdefault(_labels(row, axes), []).append(row)
    rows = []
    for labels, repetitions in groups.items():
        place = dict(zip(axes, labels, strict=True))
        row = place | {_N: sum(_has_ended(cell, table.columns) for cell in repetitions)}
        baseline = groups.get(tuple((place | study.baseline).values()), [])
        for column in table.columns:
            row |= _interval(column, _values(repetitions, column))
            if baseline and baseline is not repetitions:
                pairs = _paired(repetitions, baseline, study.over, column)
                row |= _interval(_difference(column), pairs)
        rows.append(row)
    return Means(axes=axes, columns=table.columns, rows=rows)


def _labels(row: dict[str, Any], axes: Sequence[str]) -> tuple[str, ...]:
    return tuple(row[axis] for axis in axes)


def _has_ended(cell: dict[str, Any], columns: Iterable[str]) -> bool:
    return any(cell.get(column) is not None for column in columns)


def _values(cells: Iterable[dict[str, Any]], column: str) -> list[float]:
    values = (cell.get(column) for cell in cells)
    return [value for value in values if value is not None]


def _paired(
    cells: Iterable[dict[str, Any]], others: Iterable[dict[str, Any]], over: str, column: str
) -> list[float]:
    """The differences of the pairs of one repetition that both ended."""
    other_of = {other[over]: other.get(column) for other in others}
    differences = []
    for cell in cells:
        value = cell.get(column)
        other = other_of.get(cell[over])
        if value is not None and other is not None:
            differences.append(value - other)
    return differences


def _interval(name: str, values: Sequence[float]) -> dict[str, float | None]:
    """A mean, and the ends of Student's interval where there are two values or more."""
    if not values:
        return {name: None, f"{name}_lower": None, f"{name}_upper": None}
    mean = float(np.mean(values))
    if len(values) == 1:
        return {name: mean, f"{name}_lower": None, f"{name}_upper": None}
    quantile = stats.t.ppf((1 + _SHARE) / 2, len(values) - 1)
    half = float(quantile * np.std(values, ddof=1) / len(values) ** 0.5)
    return {name: mean, f"{name}_lower": mean - half, f"{name}_upper": mean + half}


def _difference(column: str) -> str:
    return f"{column}_difference"


def _with_half(row: dict[str, Any], name: str) -> str:
    """Such as ``0.8912 ± 0.0031``."""
    mean = row.get(name)
    if mean is None:
        return GAP
    upper = row[f"{name}_upper"]
    if upper is None:
        return f"{mean:.4g}"
    return f"{mean:.4g} ± {upper - mean:.2g}"
