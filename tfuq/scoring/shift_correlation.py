"""Correlations of scores and measures with a perturbation's severity.

They have no p-value: severities are chosen, and their means over the same cases not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.measures.catalogue import MEASURES
from tfuq.scoring.association import pearson, spearman
from tfuq.scoring.bootstrap import bootstrap_values, bounds, percentile_interval
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.rows import Row, column_names, distinct, rows_of
from tfuq.scoring.shift import Severity

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")

_FEWEST = 3  # severities of a correlation


def correlation_rows(rows: Sequence[Row], measured: Sequence[Severity] = ()) -> list[Row]:
    """A row of correlations of the size of the severity with each quantity of each method.

    Quantities are scores and mean measures. Correlations are Spearman's and Pearson's, None where
    fewer than three severities have the quantity, or all have the same. Intervals resample cases.

    Args:
        rows: those of `shift_rows`.
        measured: intervals are of the quantities that it has of each case.
    """
    table = []
    for method in distinct(rows, "method"):
        method_rows = rows_of(rows, "method", method)
        severities = [severity for severity in measured if severity.method == method]
        for name in column_names(method_rows):
            if is_quantity(name):
                table.append(_correlation_row(method, name, method_rows, severities))
    return table


def _correlation_row(
    method: str,
    name: str,
    rows: Sequence[Row],
    measured: Sequence[Severity],
) -> Row:
    values = np.array([row.get(name) for row in rows], float)
    sizes = np.abs([row["severity"] for row in rows])
    present = ~np.isnan(values)
    row = {"method": method, "samples": rows[0]["samples"], "quantity": name}
    intervals = _intervals(name, measured)
    for kind, correlation in (("spearman", spearman), ("pearson", pearson)):
        row[kind] = correlation(sizes[present], values[present])
        interval = intervals[kind]
        if row[kind] is None:
            interval = None
        row |= bounds(interval, f"{kind}_")
    row["severities"] = int(present.sum())
    return row


def _intervals(name: str, measured: Sequence[Severity]) -> dict[str, list[float] | None]:
    """Intervals of both correlations, over resampled cases.

    They are None where no severity, or not every, has the quantity of each case.
    """
    nothing: dict[str, list[float] | None] = {"spearman": None, "pearson": None}
    if len(measured) < _FEWEST:
        return nothing
    cases = measured[0].cases
    columns = []
    for severity in measured:
        column = severity.of_cases(name)
        if column is None or len(column) != cases:
            return nothing
        columns.append(column)
    sizes = np.abs([severity.severity for severity in measured])
    if cases < 2 or np.ptp(sizes) == 0:
        return nothing
    table = np.stack(columns, -1)
    statistic = partial(_correlations_of_means, table, sizes)
    values = bootstrap_values(statistic, np.arange(len(table)))
    spearman_values, pearson_values = values.T
    return {
        "spearman": percentile_interval(spearman_values),
        "pearson": percentile_interval(pearson_values),
    }


def _correlations_of_means(table: np.ndarray, sizes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Both correlations ``[d, 2]`` of severities with the means of ``table [n, severities]``.

    Means are over cases that occur ``times [d, n]``.
    """
    present = ~np.isnan(table)
    count = times @ present
    sums = times @ np.where(present, table, 0.0)
    means = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    mean_ranks = stats.rankdata(means, axis=1)
    size_ranks = stats.rankdata(sizes)
    correlations = [_row_pearson(mean_ranks, size_ranks), _row_pearson(means, sizes)]
    return np.stack(correlations, -1)


def _row_pearson(table: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of ``table [d, k]`` with ``sizes [k]``; NaN where not defined."""
    a = table - table.mean(1, keepdims=True)
    b = sizes - sizes.mean()
    scale = np.sqrt((a * a).sum(1) * (b * b).sum())
    is_defined = scale > 0
    return np.where(is_defined, (a @ b) / np.where(is_defined, scale, 1.0), np.nan)


def is_quantity(name: str) -> bool:
    """Whether a column of `shift_rows` is a score or a measure.

    The others are made of several severities or of both.
    """
    return name in METRICS or name in MEASURES
