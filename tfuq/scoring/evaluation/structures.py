"""Measures of structures over cases: their means, their spread, and their correlation with Dice."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.json_csv import read_typed
from tfuq.data.on_use import ModuleOnUse
from tfuq.data.units import SCAN, UNITS, Unit
from tfuq.errors import DataError
from tfuq.measures.catalogue import MEASURES
from tfuq.scoring.association import spearman
from tfuq.scoring.bootstrap import bounds, cluster_interval, share_with_interval
from tfuq.scoring.resampled import resampled_spearman
from tfuq.scoring.rows import (
    Row,
    column,
    column_names,
    grouped,
    mean_of_column,
    numbers_of,
    rows_of,
    rows_with,
)

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")

ROUNDING = 1e-5  # a table's numbers have six digits
_AGAIN = "remove its folder and predict the case again"
_SPREAD = ("volume_lower_mm3", "volume_upper_mm3", "volume_reference_mm3")


def read_structures(path: Path, names: Container[str]) -> list[Row]:
    """The rows of a case's ``structures.csv``, by the names that scans have, whatever its unit.

    Older tables of plain images have those names, too.

    Args:
        path: of the table.
        names: of the classes and regions of the run.

    Raises:
        RunError: missing or damaged.
        DataError: it has another class.
    """
    rows = read_typed(path, ("case", "class", "component"), _AGAIN)
    for row in rows:
        if row["class"] not in names:
            raise DataError(f"{path}: has a class '{row['class']}' that the run has not; {_AGAIN}")
    return list(map(SCAN.named, rows))


def whole_structures(structures: Sequence[Row], names: Iterable[str]) -> dict[str, list[Row]]:
    """The rows of each class as a whole, one per case.

    Args:
        structures: rows of ``structures.csv``.
        names: of the classes.
    """
    by_class = grouped(rows_of(structures, "component", "all"), "class")
    return {name: by_class.get(name, []) for name in names}


def _measure_names(rows: Sequence[Row]) -> list[str]:
    return [name for name in column_names(rows) if name in MEASURES]


def measure_means(rows: Sequence[Row]) -> dict[str, float | None]:
    """Mean over cases of every structure-level measure, of those cases that have it.

    Args:
        rows: of the scores' ``structures.csv``, of a class as a whole, one per case.
    """
    return {name: mean_of_column(rows, name) for name in _measure_names(rows)}


def spread_coverage(rows: Sequence[Row], samples: int) -> Row | None:
    """How often the spread of the samples holds the reference's volume.

    The spread is from 2.5 to 97.5 % of the samples' volumes. It promises nothing: samples differ by
    what the network does not know, and may all err alike. A promise is what the conformal interval
    makes.

    Args:
        rows: of the scores' ``structures.csv``, of a class as a whole, one per case.
        samples: T.

    Returns:
        ``share`` with its 95 % interval (``lower``, ``upper``), ``n``, ``cases``, ``samples``, and
        the mean ``width`` of the spread with its ``unit``; None of one sample.
    """
    unit = _unit_of(rows)
    complete = list(map(SCAN.named, rows))
    for name in _SPREAD:
        complete = rows_with(complete, name)
    if unit is None or not complete:
        return None
    low, high, truth = (np.array(column(complete, name)) for name in _SPREAD)
    held = (low * (1 - ROUNDING) <= truth) & (truth <= high * (1 + ROUNDING))
    share = share_with_interval(held, np.array(column(complete, "case")))
    return {
        **share,
        "samples": samples,
        "width": float((high - low).mean()),
        "unit": unit.size_symbol,
    }


def _unit_of(rows: Sequence[Row]) -> Unit | None:
    """The first unit that any row has the spread of the samples in; None without any."""
    columns = column_names(rows)
    for unit in UNITS:
        if unit.column("volume_lower_mm3") in columns:
            return unit
    return None


def spearman_with_dice(rows: Sequence[Row]) -> dict[str, Row]:
    """Spearman's ρ of every structure-level measure against Dice, over the rows of a class.

    It has its 95 % interval over resampled cases, p and n. All but n are None where fewer than
    three rows have the measure, or either is constant. p is there only where every case has one
    row, as its test takes rows for independent.

    Args:
        rows: of the scores' ``structures.csv``.
    """
    return {name: _correlation(rows, name) for name in _measure_names(rows)}


def _correlation(rows: Sequence[Row], name: str) -> Row:
    measured = rows_with(rows, name)
    x = numbers_of(measured, name)
    y = numbers_of(measured, "dice")
    cases = np.array(column(measured, "case"))
    rho = spearman(x, y)
    if rho is None:
        return {"rho": None, **bounds(None), "p": None, "n": len(measured)}
    interval = cluster_interval(lambda times: resampled_spearman(x, y, times), cases)
    p = None
    if len(np.unique(cases)) == len(cases):
        p = float(stats.spearmanr(x, y)[1])
    return {"rho": rho, **bounds(interval), "p": p, "n": len(measured)}
