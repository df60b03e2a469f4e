"""Cells of a comparison: one method's score over the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfuq.scoring.comparison.best import differences_from_best, is_supported
from tfuq.scoring.paired import PairedDifference

Scored = dict[str, dict[str, float | None]]  # a method's scores by case and name


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method's score over the cases.

    Attributes:
        mean: over the cases.
        std: standard deviation over the cases; None of one case.
        cases: how many there are.
        is_best: whether the method beats every other, see `supported_best`.
        difference: from the method of the best mean, p adjusted by Holm. None of that method
            itself, and of a score that is neither good nor bad.
    """

    mean: float
    std: float | None
    cases: int
    is_best: bool
    difference: PairedDifference | None = None


def cells_of(values: dict[str, list[float | None]], better: str | None) -> dict[str, Cell]:
    """The cells of a score, by method.

    A case counts only where every method has the score, so that means compare like with like. Where
    a case has the score of some methods alone, none is marked as best: a method that misses a
    structure has no distance there, and would be better for it.

    Args:
        values: of the same cases, by method.
        better: the score's orientation.
    """
    complete = _complete_cases(list(values.values()))
    columns = {}
    for method, by_case in values.items():
        columns[method] = np.array([by_case[case] for case in complete], float)
    best, differences = differences_from_best(columns, better)
    if _is_uneven(list(values.values())) or not is_supported(differences, better):
        best = None
    cells = {}
    for method, column in columns.items():
        cells[method] = Cell(
            mean=_mean(column),
            std=_standard_deviation(column),
            cases=len(column),
            is_best=method == best,
            difference=differences.get(method),
        )
    return cells


def _complete_cases(columns: Sequence[Sequence[float | None]]) -> list[int]:
    rows = zip(*columns, strict=True)
    return [case for case, row in enumerate(rows) if None not in row]


def _is_uneven(columns: Sequence[Sequence[float | None]]) -> bool:
    """Whether a case has the score of some methods and not of others."""
    for row in zip(*columns, strict=True):
        missing = [value is None for value in row]
        if any(missing) and not all(missing):
            return True
    return False


def _mean(column: np.ndarray) -> float:
    if not len(column):
        return np.nan
    return float(column.mean())


def _standard_deviation(column: np.ndarray) -> float | None:
    if len(column) < 2:
        return None
    return float(column.std(ddof=1))
