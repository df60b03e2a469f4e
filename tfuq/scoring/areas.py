"""The risk-coverage curve of a confidence, and areas below it.

Those of least confidence go to a human. What is left is a share of the items, the coverage, at a
selective risk. Items of equal confidence count as their mean over all orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfuq.scoring.bootstrap import bootstrap_values, percentile_interval

AREAS = ("aurc", "e_aurc", "augrc")


def risk_coverage_curve(
    confidence: np.ndarray,
    risk: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The risk-coverage curve of items.

    Args:
        confidence: ``[n]``.
        risk: ``[n]``.

    Returns:
        Coverages k/n for k = 1 … n, and the mean risk of the k most confident items, ``[n]`` each.

    References:
        El-Yaniv & Wiener 2010, JMLR 11.
    """
    n = len(risk)
    k = np.arange(1, n + 1)
    risks = _in_order(confidence, risk, _each_once(n))
    return k / n, np.cumsum(risks) / k


def _each_once(items: int) -> np.ndarray:
    return np.ones((1, items), int)


def areas(confidence: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    """Areas of items, all lower where the confidence is better.

    Args:
        confidence: ``[n]``.
        risk: ``[n]``.

    Returns:
        ``aurc``: the mean selective risk over coverages. ``e_aurc``: what it exceeds that of the
        best order by. ``augrc``: the area under the generalized risk, which is the sum of the
        accepted items' risks over n, against coverage, from none to all by trapezoids. Of a risk
        that is 0 or 1 it is (1 − AUROC)·a·(1 − a) + (1 − a)²/2, with a the accuracy.

    References:
        Geifman & El-Yaniv 2017 (aurc); Geifman, Uziel & El-Yaniv 2019 (e_aurc);
        Traub et al. 2024 (augrc).
    """
    by_name = _areas(confidence, risk, _each_once(len(risk)))
    return {name: float(values[0]) for name, values in by_name.items()}


def area_intervals(
    confidence: np.ndarray,
    risk: np.ndarray,
    cases: np.ndarray,
    *,
    seed: int = 0,
    draws: int = 1000,
) -> dict[str, list[float] | None]:
    """95 % percentile intervals of the areas, over resampled cases.

    They are None of fewer than two cases, however many items these have.

    Args:
        confidence: ``[n]``.
        risk: ``[n]``.
        cases: the case of each item, ``[n]``.
        seed: of the bootstrap samples.
        draws: number of bootstrap samples.
    """
    if len(np.unique(cases)) < 2:
        return dict.fromkeys(AREAS)

    def statistic(times: np.ndarray) -> np.ndarray:
        by_name = _areas(confidence, risk, times)
        return np.stack([by_name[name] for name in AREAS], -1)

    values = bootstrap_values(statistic, cases, seed=seed, draws=draws)
    return {name: percentile_interval(column) for name, column in zip(AREAS, values.T, strict=True)}


def _areas(confidence: np.ndarray, risk: np.ndarray, times: np.ndarray) -> dict[str, np.ndarray]:
    """The areas of samples in which item i occurs ``times[:, i]`` times: ``[samples]`` each."""
    n = times.sum(1)
    reciprocals = 1 / np.arange(1, n.max() + 1)
    harmonic = np.concatenate([[0.0], np.cumsum(reciprocals)])
    runs = _runs(confidence, risk, times)
    aurc = runs.sums_of_selective_risk(harmonic) / n
    best = _runs(-np.asarray(risk, float), risk, times)
    best_aurc = best.sums_of_selective_risk(harmonic) / n
    half_of_last = runs.risks.sum(1) / 2
    augrc = (runs.sums_of_risk() - half_of_last) / n**2
    return {
        "aurc": aurc,
        "e_aurc": np.maximum(aurc - best_aurc, 0.0),  # held at 0 against rounding
        "augrc": augrc,
    }


@dataclass(frozen=True, kw_only=True)
class _Runs:
    """Runs of items of equal confidence, from the most confident on, ``[samples, runs]`` each.

    Within a run of s items, all have its mean risk m. So after i of them the sum of risks is
    S + m·i, where S is the sum before the run, and the areas are closed forms of each run.

    Attributes:
        sizes: items of each run, 0 where a sample has none of it.
        risks: sums of their risks.
    """

    sizes: np.ndarray
    risks: np.ndarray

    def sums_of_selective_risk(self, harmonic: np.ndarray) -> np.ndarray:
        """Σ over k of the mean risk of the k most confident items, ``[samples]``.

        Args:
            harmonic: 1 + 1/2 + … + 1/k for k = 0 … n.
        """
        last = np.cumsum(self.sizes, 1)
        first = last - self.sizes
        offsets = self._risks_before() - first * self._means()
        sums = (offsets * (harmonic[last] - harmonic[first])).sum(1) + self.risks.sum(1)
        return np.asarray(sums)

    def sums_of_risk(self) -> np.ndarray:
        """Σ over k of the sum of risks of the k most confident items, ``[samples]``."""
        within = self.risks * (self.sizes + 1) / 2
        sums = self.sizes * self._risks_before() + within
        return np.asarray(sums.sum(1))

    def _risks_before(self) -> np.ndarray:
        before: np.ndarray = np.cumsum(self.risks, 1) - self.risks
        return before

    def _means(self) -> np.ndarray:
        means: np.ndarray = self.risks / np.maximum(self.sizes, 1)
        return means


def _runs(confidence: np.ndarray, risk: np.ndarray, times: np.ndarray) -> _Runs:
    order = np.argsort(-np.asarray(confidence, float), kind="stable")
    in_order = np.asarray(confidence, float)[order]
    starts = np.flatnonzero(np.diff(in_order, prepend=np.nan) != 0)
    sizes = times[:, order]
    risks = sizes * np.asarray(risk, float)[order]
    if len(starts) < len(order):
        sizes = np.add.reduceat(sizes, starts, axis=1)
        risks = np.add.reduceat(risks, starts, axis=1)
    return _Runs(sizes=sizes, risks=risks)


def _in_order(confidence: np.ndarray, risk: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Risks from the most confident item on, one sample after another.

    Equal confidences have their mean risk in the sample.
    """
    _, group = np.unique(-np.asarray(confidence, float), return_inverse=True)
    groups = group.max() + 1
    samples = len(times)
    first_groups = np.arange(samples)[:, None] * groups
    index = (first_groups + group).ravel()
    bins = samples * groups
    sizes = np.bincount(index, times.ravel(), bins).astype(int)
    totals = np.bincount(index, (times * risk).ravel(), bins)
    return np.repeat(totals / np.maximum(sizes, 1), sizes)
