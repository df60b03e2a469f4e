"""Failure detection: does a confidence say which cases went wrong?

Items (cases, structures, components, landmarks) have a risk (1 − Dice, wrong or not, a radial
error) and a confidence, see `tfuq.scoring.areas`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfuq.scoring.areas import area_intervals, areas
from tfuq.scoring.association import auroc_interval, pearson, spearman
from tfuq.scoring.bootstrap import bounds, cluster_interval
from tfuq.scoring.calibration import error_auroc
from tfuq.scoring.resampled import resampled_spearman
from tfuq.scoring.rows import Row


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Items of one level, ``[n]`` each.

    Attributes:
        level: such as "case", or "structure liver".
        risk: larger where the item is worse.
        failed: whether the item did, bool.
        cases: the case of each item.
        confidences: by the name of their measure, NaN where an item has none.
    """

    level: str
    risk: np.ndarray
    failed: np.ndarray
    cases: np.ndarray
    confidences: dict[str, np.ndarray]

    def of(self, measure: str) -> Cohort:
        """The items that have a measure, with it alone."""
        values = self.confidences[measure]
        present = ~np.isnan(values)
        return Cohort(
            level=self.level,
            risk=self.risk[present],
            failed=self.failed[present],
            cases=self.cases[present],
            confidences={measure: values[present]},
        )


def failure_row(cohort: Cohort, measure: str, *, seed: int = 0) -> Row:
    """What a measure says of the risk: areas, AUROC for the failed, and correlations.

    Correlations with the risk are over all items. Intervals resample cases. Items without the
    measure are left out. AUROC is None where all or none failed, a correlation where fewer than
    three items are left or either side is constant.

    Args:
        cohort: the items.
        measure: a name of the cohort's confidences.
        seed: of the intervals of areas.
    """
    items = cohort.of(measure)
    confidence = items.confidences[measure]
    row: Row = {"level": cohort.level, "measure": measure, "n": len(items.risk)}
    intervals = area_intervals(confidence, items.risk, items.cases, seed=seed)
    for name, value in areas(confidence, items.risk).items():
        row[name] = value
        row |= bounds(intervals[name], f"{name}_")
    row |= _failure_auroc(items, confidence)
    row |= _spearman(items, confidence)
    row["pearson"] = pearson(confidence, items.risk)
    return row


def _failure_auroc(items: Cohort, confidence: np.ndarray) -> Row:
    auroc = error_auroc(-confidence, items.failed)
    interval = None
    if auroc is not None:
        interval = auroc_interval(-confidence, items.failed, items.cases)
    return {"auroc_failure": auroc, **bounds(interval, "auroc_failure_")}


def _spearman(items: Cohort, confidence: np.ndarray) -> Row:
    rho = spearman(confidence, items.risk)
    interval = None
    if rho is not None:
        interval = cluster_interval(
            lambda times: resampled_spearman(confidence, items.risk, times),
            items.cases,
        )
    return {"spearman": rho, **bounds(interval, "spearman_")}


def rank_measures(cohort: Cohort, *, seed: int = 0) -> list[Row]:
    """Rank measures by how well they tell failures.

    Args:
        cohort: the items.
        seed: of the intervals of areas.

    Returns:
        A row of `failure_row` for each measure that any item has, the least AURC first; equal ones
        by name.
    """
    rows = []
    for name, values in cohort.confidences.items():
        if not np.isnan(values).all():
            rows.append(failure_row(cohort, name, seed=seed))
    return sorted(rows, key=lambda row: (row["aurc"], row["measure"]))
