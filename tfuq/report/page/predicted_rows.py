"""Measures of uncertainty of predicted cases, read from the tables that tfuq predict writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfuq.config import Config
from tfuq.data.json_csv import Cell, read_typed
from tfuq.measures.catalogue import is_ranked
from tfuq.measures.measure import Level
from tfuq.report.page.source import Rows
from tfuq.runs import results
from tfuq.runs.results import Manifest
from tfuq.scoring.evaluation.structures import read_structures
from tfuq.scoring.rows import rows_of

_AGAIN = "predict again with --overwrite"
_STRUCTURES = "structures.csv"


@dataclass(frozen=True, kw_only=True)
class PredictedRows:
    """What predictions tell of their cases.

    Attributes:
        cases: A row for each case, with its measures.
        structures: A row for each structure as a whole; none of a task without structures.
    """

    cases: Rows
    structures: Rows = field(default_factory=list)


def volume_rows(folder: Path, config: Config, manifest: Manifest) -> PredictedRows:
    """Rows of segmentations, whose measures are those of the structures.

    Args:
        folder: Of the predictions.
        config: Of the run.
        manifest: Of the folder.

    Raises:
        DataError: A table has a class that the run has not.
        RunError: A table is missing or damaged.
    """
    cases = sorted(manifest.cases)
    structures: Rows = []
    for case_id in cases:
        listed = read_structures(folder / case_id / _STRUCTURES, config.data.structures)
        for row in rows_of(listed, "component", "all"):
            structures.append({**row, "case": case_id})
    return PredictedRows(cases=[{"case": case_id} for case_id in cases], structures=structures)


def class_rows(folder: Path, config: Config, manifest: Manifest) -> PredictedRows:
    """Rows of classified images; arguments and errors as of `volume_rows`."""
    table = read_typed(folder / results.PREDICTIONS, ("case",), _AGAIN)
    return PredictedRows(cases=_measured(table, "image"))


def landmark_rows(folder: Path, config: Config, manifest: Manifest) -> PredictedRows:
    """Rows of landmarks, with the means over them; arguments and errors as of `volume_rows`."""
    by_case: dict[str, Rows] = {}
    table = read_typed(folder / results.LANDMARKS, ("case", "landmark"), _AGAIN)
    for row in _measured(table, "landmark"):
        by_case.setdefault(str(row["case"]), []).append(row)
    return PredictedRows(cases=[_mean_row(case_id, rows) for case_id, rows in by_case.items()])


def _mean_row(case_id: str, rows: Rows) -> dict[str, Cell]:
    mean: dict[str, Cell] = {"case": case_id}
    for name in rows[0]:
        values = [row.get(name) for row in rows]
        if name != "case" and None not in values:
            mean[name] = float(np.mean(np.array(values, float)))
    return mean


def _measured(rows: Rows, level: Level) -> Rows:
    """The rows with their case and measures alone."""
    measured = []
    for row in rows:
        kept = {name: value for name, value in row.items() if is_ranked(name, level)}
        measured.append({"case": row["case"], **kept})
    return measured
