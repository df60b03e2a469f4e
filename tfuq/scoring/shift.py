"""Does uncertainty rise with a perturbation's severity? Tables over methods and severities.

Severity counts by its size: a turn of −30° is as severe as one of 30°. The same cases stand at every severity, so intervals
resample cases with all that they have at every severity, and a correlation with severity has no p-value: severities are chosen,
and their means over the same cases are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from tfuq.measures.sample_size import unbiased
from tfuq.scoring.association import auroc_interval, pearson, spearman
from tfuq.scoring.bootstrap import bootstrap_values, bounds, percentile_interval
from tfuq.scoring.classification import ood_scores
from tfuq.scoring.evaluation.failures import CERTAINTIES

CLEAN = 0.0
_FEWEST = 3  # severities of a correlation
_FIXED = ("method", "samples", "severity", "cases")


@dataclass(frozen=True)
class Severity:
    """What was measured of a method at a severity by T ``samples``: ``scores`` and ``aurc`` of the whole set by name, every
    case's ``measures [n]`` by name, NaN where a case has none, and every case's ``qualities [n]``: those of the scores that
    are means over cases. Cases are in the same order at every severity."""

    method: str
    samples: int
    severity: float
    cases: int
    scores: dict[str, float | None]
    aurc: dict[str, float | None]
    measures: dict[str, np.ndarray]
    qualities: dict[str, np.ndarray] = field(default_factory=dict)


def shift_rows(measured: Sequence[Severity]) -> list[dict]:
    """A row for each method and severity: scores, the mean of every measure over cases, and by measure ``aurc_…`` and
    ``ood_auroc_…``, how well it tells the perturbed cases from the same cases as they are, with an interval (None without
    severity 0). Means are without the bias of a small T (`tfuq.measures.sample_size.unbiased`)."""
    clean = {found.method: found for found in measured if found.severity == CLEAN}
    rows = [_row(found, clean.get(found.method)) for found in measured]
    columns = dict.fromkeys(name for row in rows for name in row)  # methods of one sample come without many
    ordered = sorted(columns, key=lambda name: (name.startswith("ood_"), name.startswith("aurc_")))
    return [{name: row.get(name) for name in ordered} for row in rows]


def _row(found: Severity, clean: Severity | None) -> dict:
    row: dict = {"method": found.method, "samples": found.samples, "severity": found.severity, "cases": found.cases}
    means = {name: mean_present(values) for name, values in found.measures.items()}
    row |= found.scores | unbiased(means, found.samples)
    row |= {f"aurc_{name}": value for name, value in found.aurc.items()}
    if clean is None or clean is found:
        return row
    for name in found.measures:
        if name in clean.measures:
            row |= _told_apart(name, clean.measures[name], found.measures[name])
    return row


def _told_apart(name: str, clean: np.ndarray, perturbed: np.ndarray) -> dict[str, float | None]:
    """AUROC of a measure for perturbed cases against the clean ones, ``[n]`` each, with its interval over cases."""
    sign, column = -1 if name in CERTAINTIES else 1, f"ood_auroc_{name}"
    present = ~np.isnan(clean), ~np.isnan(perturbed)
    inside, outside = sign * clean[present[0]], sign * perturbed[present[1]]
    row = {column: ood_scores(inside, outside)["auroc"], **bounds(None, f"{column}_")}
    if row[column] is None:
        return row
    values = np.concatenate([inside, outside])
    is_outside = np.repeat([False, True], [len(inside), len(outside)])
    cases = np.concatenate([np.flatnonzero(part) for part in present])
    return row | bounds(auroc_interval(values, is_outside, cases), f"{column}_")


def mean_present(values: np.ndarray) -> float | None:
    """Mean of what is not NaN; None without any."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else None


def correlation_rows(rows: Sequence[dict], measured: Sequence[Severity] = ()) -> list[dict]:
    """Spearman's and Pearson's correlation of the size of the severity with each score and mean measure of `shift_rows`, a row
    for each method and quantity; None where fewer than three severities have it, or all have the same.

    Intervals resample cases. They are of the quantities that ``measured`` has of each case.
    """
    found = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        behind = [severity for severity in measured if severity.method == method]
        names = dict.fromkeys(name for row in own for name in row if is_quantity(name))
        found += [_correlation_row(method, name, own, behind) for name in names]
    return found


def _correlation_row(method: str, name: str, rows: Sequence[dict], measured: Sequence[Severity]) -> dict:
    values = np.array([row.get(name) for row in rows], float)
    size = np.abs([row["severity"] for row in rows])
    present = ~np.isnan(values)
    row = {"method": method, "samples": rows[0]["samples"], "quantity": name}
    intervals = _intervals(name, measured)
    for kind, function in (("spearman", spearman), ("pearson", pearson)):
        value = function(size[present], values[present])
        row |= {kind: value, **bounds(intervals[kind] if value is not None else None, f"{kind}_")}
    return row | {"severities": int(present.sum())}


def _intervals(name: str, measured: Sequence[Severity]) -> dict[str, list[float] | None]:
    """Of both correlations, over resampled cases; None where no severity, or not every, has the quantity of each case."""
    columns = [{**found.qualities, **found.measures}.get(name) for found in measured]
    nothing: dict[str, list[float] | None] = {"spearman": None, "pearson": None}
    if len(columns) < _FEWEST or any(column is None or len(column) != measured[0].cases for column in columns):
        return nothing
    table = np.stack(columns, -1)
    size = np.abs([found.severity for found in measured])
    if measured[0].cases < 2 or np.ptp(size) == 0:
        return nothing
    drawn = bootstrap_values(lambda times: _correlations_of_means(table, size, times), np.arange(len(table)))
    return {kind: percentile_interval(drawn[:, place]) for place, kind in enumerate(nothing)}


def _correlations_of_means(table: np.ndarray, size: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Both correlations ``[d, 2]`` of severities with the means of ``table [n, severities]`` over cases that occur ``times``."""
    present = ~np.isnan(table)
    count = times @ present
    means = (times @ np.where(present, table, 0.0)) / np.maximum(count, 1)
    means = np.where(count > 0, means, np.nan)
    ranked = stats.rankdata(means, axis=1), stats.rankdata(size)
    return np.stack([_row_pearson(*ranked), _row_pearson(means, size)], -1)


def _row_pearson(table: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of ``table [d, k]`` with ``size [k]``; NaN where it is not defined."""
    a = table - table.mean(1, keepdims=True)
    b = size - size.mean()
    scale = np.sqrt((a * a).sum(1) * (b * b).sum())
    return np.where(scale > 0, (a @ b) / np.where(scale > 0, scale, 1.0), np.nan)


def is_quantity(name: str) -> bool:
    """Whether a column of `shift_rows` is a score or a measure, not one made of several severities or of both."""
    return name not in _FIXED and not name.startswith(("aurc_", "ood_auroc_"))
