"""Whether conformal promises were kept, on cases that they were not made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tfuq.calibration.conformal import quantile_rank
from tfuq.data.on_use import ModuleOnUse
from tfuq.scoring.rows import Row

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")

_SHARE = 0.95  # of intervals and bands


def realized(held: np.ndarray, promised: float, calibrated_on: int | None = None) -> Row:
    """The share of cases whose promise held, with its 95 % Clopper-Pearson interval.

    ``band`` is where at least 95 % of such shares lie when scores are exchangeable and without
    ties: a beta-binomial of n and (l, m + 1 − l), l = ⌈(m + 1)·promised⌉, of m calibration cases.
    ``outside`` says whether the share lies ``below`` or ``above`` it, or is None. Below it the
    promise is ``broken``; above it there may be ties.

    Args:
        held: whether the promise held in each of n cases, ``[n]``.
        promised: the share that was promised.
        calibrated_on: m; None leaves the band out.

    References:
        Angelopoulos & Bates 2023, Foundations and Trends in Machine Learning 16.
    """
    held = np.asarray(held, bool)
    n = len(held)
    hits = int(held.sum())
    row: Row = {
        "promised": promised,
        "realized": hits / n,
        "interval": _clopper_pearson(hits, n),
        "n": n,
    }
    if calibrated_on is None:
        return row
    band = coverage_band(calibrated_on, n, 1 - promised)
    outside = _side(hits / n, band)
    return row | {
        "calibrated_on": calibrated_on,
        "band": band,
        "outside": outside,
        "broken": outside == "below",
    }


def _clopper_pearson(hits: int, n: int) -> list[float]:
    low, high = stats.binomtest(hits, n).proportion_ci(_SHARE)
    return [float(low), float(high)]


def _side(share: float, band: list[float]) -> str | None:
    least, most = band
    if share < least:
        return "below"
    if share > most:
        return "above"
    return None


def coverage_band(
    calibrated_on: int,
    n: int,
    alpha: float,
    share: float = _SHARE,
) -> list[float]:
    """The central ``share`` of realized coverages, see `realized`.

    Args:
        calibrated_on: number of calibration cases.
        n: number of test cases.
        alpha: 1 − the promise.
        share: of coverages that lie in the band.
    """
    rank = quantile_rank(calibrated_on, alpha)
    law = stats.betabinom(n, rank, calibrated_on + 1 - rank)
    tails = ((1 - share) / 2, (1 + share) / 2)
    return [float(law.ppf(tail)) / n for tail in tails]


def mean_loss(losses: np.ndarray, promised: float, calibrated_on: int) -> Row:
    """The mean of losses in 0…1, with its 95 % interval by Student's t.

    ``band`` runs from 0 to what the mean of n exchangeable cases exceeds with a probability of at
    most 2.5 %, had every loss been 0 or 1. Of all losses of a mean those vary most: see
    `coverage_band`. ``outside`` is ``above`` where the mean lies above that, which breaks the
    promise.

    Args:
        losses: of n cases, ``[n]``.
        promised: what the expected loss is at most.
        calibrated_on: number of calibration cases.
    """
    n = len(losses)
    mean = float(np.mean(losses))
    least_kept, _ = coverage_band(calibrated_on, n, promised)
    most = 1 - least_kept
    is_broken = mean > most + 1e-9
    outside = None
    if is_broken:
        outside = "above"
    return {
        "promised": promised,
        "realized": mean,
        "interval": _interval_of_mean(np.asarray(losses, float)),
        "n": n,
        "calibrated_on": calibrated_on,
        "band": [0.0, most],
        "outside": outside,
        "broken": is_broken,
    }


def _interval_of_mean(losses: np.ndarray) -> list[float] | None:
    """The 95 % interval of the mean of losses in 0…1 by Student's t.

    Losses that are all 0 or all 1 tell no spread, and that interval would have no width: theirs is
    Clopper and Pearson's. None of one case, and of others that are all alike.
    """
    n = len(losses)
    mean = float(losses.mean())
    if n < 2:
        return None
    if mean in (0.0, 1.0):
        return _clopper_pearson(int(losses.sum()), n)
    if np.ptp(losses) == 0:
        return None
    quantile = stats.t.ppf((1 + _SHARE) / 2, n - 1)
    half = float(quantile * np.std(losses, ddof=1) / math.sqrt(n))
    return [max(mean - half, 0.0), min(mean + half, 1.0)]
