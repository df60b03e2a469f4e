"""The table of predicted classes, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.json_csv import numbers, read_table
from tfuq.errors import RunError
from tfuq.measures.catalogue import OF_VOXELS, VARIANCES, maps_of, names_of
from tfuq.runs.results import PREDICTIONS
from tfuq.scoring.rows import class_columns, column

_AGAIN = "predict again with --overwrite"

_ROUNDING = 1e-4  # of a probability in a table, which has six digits
_LEAST = -1e-5  # of a measure: what rounding makes of 0


@dataclass(frozen=True, kw_only=True)
class PredictedClasses:
    """A predictions table.

    Attributes:
        ids: of n cases.
        p: probabilities ``[n, K]``.
        votes: shares of the samples ``[n, K]``; None of one sample.
        measures: of uncertainty, ``[n]`` by name.
        before: probabilities before scaling ``[n, K]``; None where none was scaled.
        rows: of the table, as they are.
    """

    ids: list[str]
    p: np.ndarray
    votes: np.ndarray | None
    measures: dict[str, np.ndarray]
    before: np.ndarray | None
    rows: list[dict[str, str]]


def read_predictions(folder: Path, classes: list[str]) -> PredictedClasses:
    """Read ``predictions.csv``.

    Args:
        folder: of the predictions.
        classes: their K names.

    Raises:
        RunError: missing or damaged.
    """
    path = folder / PREDICTIONS
    columns = class_columns("probability", classes)
    rows = read_table(path, ("case", *columns), _AGAIN)
    ids = column(rows, "case")
    if not rows:
        raise RunError(f"{path}: has no rows; {_AGAIN}")
    if len(set(ids)) < len(ids):
        raise RunError(f"{path}: has two rows of one case; {_AGAIN}")
    votes = _by_class(path, rows, "votes", classes)
    least_samples = 2
    if votes is None:
        least_samples = 1
    needed = maps_of(least_samples)
    measures = {}
    for name in (*names_of(OF_VOXELS), *VARIANCES):
        if name in needed or name in rows[0]:
            measures[name] = numbers(path, rows, name, _AGAIN, low=_LEAST)
    return PredictedClasses(
        ids=ids,
        p=probabilities(path, rows, columns, _AGAIN),
        votes=votes,
        measures=measures,
        before=_by_class(path, rows, "uncalibrated", classes),
        rows=rows,
    )


def _by_class(
    path: Path,
    rows: list[dict[str, str]],
    prefix: str,
    classes: list[str],
) -> np.ndarray | None:
    """Shares of classes ``[n, K]``; None where the table does not have them."""
    columns = class_columns(prefix, classes)
    if columns[0] not in rows[0]:
        return None
    return probabilities(path, rows, columns, _AGAIN)


def probabilities(
    path: Path,
    rows: Sequence[dict[str, str]],
    columns: Sequence[str],
    remedy: str,
) -> np.ndarray:
    """Probabilities of classes ``[n, K]`` from a table's rows.

    Args:
        path: of the table, for messages.
        rows: n of them.
        columns: names of the K columns.
        remedy: what to do about a damaged table, for messages.

    Raises:
        RunError: a cell is no probability, or those of a row do not add up to 1.
    """
    most = 1 + _ROUNDING
    by_class = [numbers(path, rows, name, remedy, low=0, high=most) for name in columns]
    p = np.stack(by_class, -1)
    errors = np.abs(p.sum(1) - 1)
    if (errors > _ROUNDING * len(columns)).any():
        raise RunError(
            f"{path}: '{columns[0]}' and the others of a row do not add up to 1; {remedy}"
        )
    return p
