"""The table of predicted landmarks, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.json_csv import LARGEST, numbers, read_table
from tfuq.errors import RunError
from tfuq.measures.catalogue import OF_LANDMARKS, names_of
from tfuq.runs.results import LANDMARKS
from tfuq.scoring.rows import distinct

_AGAIN = "predict again with --overwrite"
_COVARIANCE = ("covariance_xx", "covariance_xy", "covariance_yy")
_RADII = ("conformal_radius_mm", "conformal_radius")


@dataclass(frozen=True, kw_only=True)
class PredictedLandmarks:
    """A predictions table of n cases and L landmarks.

    Attributes:
        ids: of the cases.
        positions: ``[n, L, 2]`` in pixels of each image.
        measures: of uncertainty, ``[n, L]`` by name.
        radii: conformal radii ``[n, L]`` in mm, or in pixels where the table has no mm; None where
            predictions are not calibrated.
        covariances: of the samples, ``[n, L, 2, 2]`` in pixels²; None of one sample.
    """

    ids: list[str]
    positions: np.ndarray
    measures: dict[str, np.ndarray]
    radii: np.ndarray | None
    covariances: np.ndarray | None


def read_predictions(folder: Path, names: list[str]) -> PredictedLandmarks:
    """Read ``landmarks.csv``.

    Args:
        folder: of the predictions.
        names: of L landmarks.

    Raises:
        RunError: missing, damaged, or of other landmarks.
    """
    table = _Table(folder / LANDMARKS, names)
    positions = np.stack([table.values("x"), table.values("y")], -1)
    radii = None
    for column in _RADII:
        if radii is None and table.has(column):
            radii = table.values(column, low=0)
    measures = {name: table.values(name) for name in names_of(OF_LANDMARKS) if table.has(name)}
    return PredictedLandmarks(
        ids=table.ids,
        positions=positions,
        measures=measures,
        radii=radii,
        covariances=_covariances(table),
    )


class _Table:
    """The rows of ``landmarks.csv``, by case and landmark."""

    def __init__(self, path: Path, names: list[str]) -> None:
        """Read the table; errors as in `read_predictions`."""
        rows = read_table(path, ("case", "landmark", "x", "y", "max_activation"), _AGAIN)
        by_landmark = {(row["case"], row["landmark"]): row for row in rows}
        self.ids = distinct(rows, "case")  # of the cases
        self._path = path
        self._shape = (len(self.ids), len(names))
        self._rows = []
        for case_id in self.ids:
            for name in names:
                row = by_landmark.get((case_id, name))
                if row is not None:
                    self._rows.append(row)
        wanted = len(self.ids) * len(names)
        if not self.ids or len(rows) != wanted or len(self._rows) != wanted:
            raise RunError(
                f"{path}: needs a row for every case and each of {len(names)} landmarks; {_AGAIN}"
            )
        self._columns = rows[0].keys()

    def has(self, column: str) -> bool:
        """Whether the table has a column."""
        return column in self._columns

    def values(self, column: str, low: float = -LARGEST) -> np.ndarray:
        """A column of numbers of at least ``low``, ``[n, L]``."""
        flat = numbers(self._path, self._rows, column, _AGAIN, low=low)
        return flat.reshape(self._shape)


def _covariances(table: _Table) -> np.ndarray | None:
    """``[n, L, 2, 2]``; None where the table has none."""
    if not table.has(_COVARIANCE[0]):
        return None
    xx, xy, yy = (table.values(column) for column in _COVARIANCE)
    first_row = np.stack([xx, xy], -1)
    second_row = np.stack([xy, yy], -1)
    return np.stack([first_row, second_row], -2)
