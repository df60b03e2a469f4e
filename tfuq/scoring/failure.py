"""Failure detection: does a confidence say which cases went wrong?

Cases have a risk (1 − Dice, wrong or not, a radial error) and a confidence. Those of least confidence go to a human; what is
left is a share of the cases, the coverage, at a selective risk. Equal confidences count as their mean over all orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from tfuq.scoring.calibration import error_auroc

INTERVAL = (2.5, 97.5)
_FEWEST = 3  # cases of a correlation
AREAS = ("aurc", "e_aurc", "augrc")


@dataclass(frozen=True)
class _Ranked:
    """Cases in groups of equal confidence, the most confident first: each case's group and risk ``[n]``."""

    group: np.ndarray
    risk: np.ndarray

    def cumulative(self, times: np.ndarray) -> np.ndarray:
        """Sum of the risks of the first k cases for k = 1, 2, …, where case i is there ``times[i]`` times."""
        size = np.bincount(self.group, weights=times)
        total = np.bincount(self.group, weights=times * self.risk)
        mean = np.divide(total, size, out=np.zeros_like(total), where=size > 0)
        return np.cumsum(np.repeat(mean, size.astype(int)))


def _ranked(confidence: np.ndarray, risk: np.ndarray) -> _Ranked:
    return _Ranked(np.unique(-np.asarray(confidence, float), return_inverse=True)[1], np.asarray(risk, float))


def risk_coverage_curve(confidence: np.ndarray, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coverages k/n for k = 1 … n, and the mean risk of the k most confident cases (El-Yaniv & Wiener 2010)."""
    k = np.arange(1, len(risk) + 1)
    return k / len(risk), _ranked(confidence, risk).cumulative(np.ones(len(risk))) / k


def areas(confidence: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    """Areas of cases ``[n]``, all lower where the confidence is better.

    ``aurc``: the mean selective risk over coverages (Geifman & El-Yaniv 2017). ``e_aurc``: what it exceeds that of the best
    order by (Geifman et al. 2019). ``augrc``: the area under the generalized risk, sum of the kept cases' risks over n, against
    coverage, from none to all by trapezoids (Traub et al. 2024); of a risk that is 0 or 1 it is
    (1 − AUROC)·a·(1 − a) + (1 − a)²/2, with a the accuracy.
    """
    return _areas(_ranked(confidence, risk), _ranked(-np.asarray(risk, float), risk), np.ones(len(risk)))


def _areas(ranked: _Ranked, best: _Ranked, times: np.ndarray) -> dict[str, float]:
    cumulative = ranked.cumulative(times)
    n = len(cumulative)
    k = np.arange(1, n + 1)
    aurc = float((cumulative / k).mean())
    return {
        "aurc": aurc,
        "e_aurc": max(aurc - float((best.cumulative(times) / k).mean()), 0.0),  # held at 0 against rounding
        "augrc": float((cumulative.sum() - cumulative[-1] / 2) / n**2),
    }


def area_intervals(
    confidence: np.ndarray, risk: np.ndarray, *, seed: int = 0, draws: int = 1000
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of the areas, from ``draws`` bootstrap samples of the cases; a function of ``seed``.

    Draws depend on the number of cases and the seed alone, so several confidences see the same samples.
    """
    ranked, best = _ranked(confidence, risk), _ranked(-np.asarray(risk, float), risk)
    rng, n = np.random.default_rng(seed), len(risk)
    samples = [_areas(ranked, best, np.bincount(rng.integers(0, n, n), minlength=n)) for _ in range(draws)]
    return {name: tuple(np.percentile([s[name] for s in samples], INTERVAL).tolist()) for name in AREAS}


def failure_row(
    confidence: np.ndarray, risk: np.ndarray, failed: np.ndarray, *, seed: int = 0
) -> dict[str, float | int | None]:
    """What a confidence ``[n]`` says of the risk: areas with intervals, AUROC for ``failed``, correlations with the risk.

    Cases whose confidence is NaN are left out. AUROC is None where all or none failed, a correlation where fewer than three
    cases are left or either is constant, everything where none is.
    """
    present = ~np.isnan(np.asarray(confidence, float))
    confidence, risk, failed = confidence[present], risk[present], failed[present]
    row: dict = {"n": len(risk)}
    if not len(risk):
        return row
    intervals = area_intervals(confidence, risk, seed=seed)
    for name, value in areas(confidence, risk).items():
        low, high = intervals[name]
        row |= {name: value, f"{name}_lower": low, f"{name}_upper": high}
    row["auroc_failure"] = error_auroc(-confidence, failed)
    usable = len(risk) >= _FEWEST and np.ptp(confidence) > 0 and np.ptp(risk) > 0
    row["spearman"] = float(stats.spearmanr(confidence, risk)[0]) if usable else None
    row["pearson"] = float(stats.pearsonr(confidence, risk)[0]) if usable else None
    return row


def rank_confidences(confidences: dict[str, np.ndarray], risk: np.ndarray, failed: np.ndarray, *, seed: int = 0) -> list[dict]:
    """A row of `failure_row` for each confidence ``[n]`` that any case has, the least AURC first; equal ones by name."""
    rows = [{"measure": name} | failure_row(values, risk, failed, seed=seed) for name, values in confidences.items()]
    return sorted((row for row in rows if row["n"]), key=lambda row: (row["aurc"], row["measure"]))
