"""Failure detection: does a confidence say which cases went wrong?

Items (cases, structures, components, landmarks) have a risk (1 − Dice, wrong or not, a radial error) and a confidence. Those
of least confidence go to a human; what is left is a share of them, the coverage, at a selective risk. Items of equal
confidence count as their mean over all orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfuq.scoring.association import auroc_interval, pearson, resampled_spearman, spearman
from tfuq.scoring.bootstrap import bootstrap_values, bounds, cluster_interval, percentile_interval
from tfuq.scoring.calibration import error_auroc

AREAS = ("aurc", "e_aurc", "augrc")


@dataclass(frozen=True)
class Cohort:
    """Items of one level: their ``risk``, whether they ``failed``, the case of each (``[n]`` each), and every confidence ``[n]``
    by the name of its measure, NaN where an item has none."""

    level: str
    risk: np.ndarray
    failed: np.ndarray
    cases: np.ndarray
    confidences: dict[str, np.ndarray]

    def of(self, measure: str) -> Cohort:
        """The items that have a measure, with it alone."""
        values = self.confidences[measure]
        present = ~np.isnan(values)
        parts = (part[present] for part in (self.risk, self.failed, self.cases))
        return Cohort(self.level, *parts, {measure: values[present]})


def risk_coverage_curve(confidence: np.ndarray, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coverages k/n for k = 1 … n, and the mean risk of the k most confident items (El-Yaniv & Wiener 2010)."""
    k = np.arange(1, len(risk) + 1)
    return k / len(risk), np.cumsum(_in_order(confidence, risk, np.ones((1, len(risk)), int))) / k


def areas(confidence: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    """Areas of items ``[n]``, all lower where the confidence is better.

    ``aurc``: the mean selective risk over coverages (Geifman & El-Yaniv 2017). ``e_aurc``: what it exceeds that of the best
    order by (Geifman et al. 2019). ``augrc``: the area under the generalized risk, sum of the kept items' risks over n, against
    coverage, from none to all by trapezoids (Traub et al. 2024); of a risk that is 0 or 1 it is
    (1 − AUROC)·a·(1 − a) + (1 − a)²/2, with a the accuracy.
    """
    found = _areas(confidence, risk, np.ones((1, len(risk)), int))
    return {name: float(values[0]) for name, values in found.items()}


def area_intervals(
    confidence: np.ndarray, risk: np.ndarray, cases: np.ndarray, *, seed: int = 0, draws: int = 1000
) -> dict[str, list[float] | None]:
    """95 % percentile intervals of the areas, from ``draws`` bootstrap samples of the ``cases`` that items ``[n]`` belong to.

    They are None of fewer than two cases, however many items these have.
    """
    if len(np.unique(cases)) < 2:
        return dict.fromkeys(AREAS)

    def values(times):
        found = _areas(confidence, risk, times)
        return np.stack([found[name] for name in AREAS], -1)

    samples = bootstrap_values(values, cases, seed=seed, draws=draws)
    return {name: percentile_interval(samples[:, place]) for place, name in enumerate(AREAS)}


def _areas(confidence: np.ndarray, risk: np.ndarray, times: np.ndarray) -> dict[str, np.ndarray]:
    """The areas of samples in which item i occurs ``times[:, i]`` times: ``[samples]`` each."""
    n = times.sum(1)
    starts = np.cumsum(n) - n
    k = np.arange(n.sum()) - np.repeat(starts, n) + 1

    def cumulative(order):
        sums = np.concatenate([[0.0], np.cumsum(_in_order(order, risk, times))])
        return sums[1:] - np.repeat(sums[starts], n)

    found, best = cumulative(confidence), cumulative(-np.asarray(risk, float))
    aurc, least = (np.add.reduceat(sums / k, starts) / n for sums in (found, best))
    augrc = (np.add.reduceat(found, starts) - found[starts + n - 1] / 2) / n**2
    return {"aurc": aurc, "e_aurc": np.maximum(aurc - least, 0.0), "augrc": augrc}  # held at 0 against rounding


def _in_order(confidence: np.ndarray, risk: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Risks from the most confident item on, one sample after another; equal confidences have their mean risk in the sample."""
    group = np.unique(-np.asarray(confidence, float), return_inverse=True)[1]
    groups = group.max() + 1
    index = (np.arange(len(times))[:, None] * groups + group).ravel()
    size = np.bincount(index, times.ravel(), len(times) * groups).astype(int)
    total = np.bincount(index, (times * risk).ravel(), len(times) * groups)
    return np.repeat(total / np.maximum(size, 1), size)


def failure_row(cohort: Cohort, measure: str, *, seed: int = 0) -> dict[str, float | int | str | None]:
    """What a measure says of the risk: areas, AUROC for the failed, and correlations with the risk over all items.

    Intervals resample cases. Items without it are left out. AUROC is None where all or none failed, a correlation where fewer
    than three items are left or either side is constant.
    """
    items = cohort.of(measure)
    confidence, risk = items.confidences[measure], items.risk
    row: dict = {"level": cohort.level, "measure": measure, "n": len(risk)}
    intervals = area_intervals(confidence, risk, items.cases, seed=seed)
    for name, value in areas(confidence, risk).items():
        row |= {name: value, **bounds(intervals[name], f"{name}_")}
    auroc, rho = error_auroc(-confidence, items.failed), spearman(confidence, risk)
    among_failed = None if auroc is None else auroc_interval(-confidence, items.failed, items.cases)
    row |= {"auroc_failure": auroc, **bounds(among_failed, "auroc_failure_")}
    row |= {"spearman": rho, **bounds(_spearman_interval(items, measure) if rho is not None else None, "spearman_")}
    return row | {"pearson": pearson(confidence, risk)}


def _spearman_interval(items: Cohort, measure: str) -> list[float] | None:
    confidence = items.confidences[measure]
    return cluster_interval(lambda times: resampled_spearman(confidence, items.risk, times), items.cases)


def rank_measures(cohort: Cohort, *, seed: int = 0) -> list[dict]:
    """A row of `failure_row` for each measure that any item has, the least AURC first; equal ones by name."""
    rows = (failure_row(cohort, name, seed=seed) for name in _present(cohort))
    return sorted(rows, key=lambda row: (row["aurc"], row["measure"]))


def _present(cohort: Cohort) -> Iterator[str]:
    return (name for name, values in cohort.confidences.items() if not np.isnan(values).all())
