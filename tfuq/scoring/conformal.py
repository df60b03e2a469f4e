"""Conformal prediction: promises that hold on average over calibration and test cases that are exchangeable.

A split-conformal set or interval holds the truth of a new case with a probability of at least 1 − α, whatever the network
(Vovk et al. 2005); a risk-controlled threshold keeps an expected loss in 0…1 at α or below (Angelopoulos et al. 2022).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy import stats

from tfuq.errors import DataError

SET_RULES = ("lac", "aps", "raps")
RAPS_PENALTY, RAPS_FREE = 0.01, 2  # per class beyond the free ones, as Angelopoulos et al. 2021 suggest for few classes
# Where a threshold may lie: even in logits, 0 that all reach, and 2 that none does. Maps of probabilities are float32, too.
THRESHOLDS = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-13.8, 13.8, 553))), [2.0]]).astype(np.float32)


def check_alpha(alpha: float, cases: int, what: str = "calibration cases") -> None:
    """Refuse an α that is none, or that so few cases cannot promise: n + 1 ≥ 1/α is needed.

    Raises:
        DataError: α is not between 0 and 1, or n is too small.
    """
    if not 0 < alpha < 1:
        raise DataError(f"--alpha {alpha:g}: is not between 0 and 1; 0.1 promises 90 %")
    needed = math.ceil(1 / alpha - 1e-9) - 1
    if cases < needed:
        raise DataError(
            f"{cases} {what} are too few for --alpha {alpha:g}, which needs {needed} (n + 1 ≥ 1/α); name more by --cases, or raise α"
        )


def conformal_quantile(scores: np.ndarray, alpha: float) -> float:
    """The ⌈(n + 1)(1 − α)⌉-th smallest of n scores: a new one is at most that with a probability of at least 1 − α.

    Raises:
        DataError: see `check_alpha`.
    """
    check_alpha(alpha, len(scores), "scores of calibration cases")
    rank = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    return float(np.sort(scores)[rank - 1])


def class_scores(p: np.ndarray, rule: str, u: np.ndarray | float = 0.0) -> np.ndarray:
    """Nonconformity ``[n, K]`` of each class given probabilities ``[n, K]``; the set of a case are its classes at or below q̂.

    ``lac``: 1 − p_k (Sadinle et al. 2019); the smallest sets on average, some empty. ``aps``: the mass of the classes likelier
    than k, and ``u`` of that of k (Romano et al. 2020); ``u`` uniform in 0…1 covers exactly, 0 always keeps the likeliest class.
    ``raps``: aps and a penalty for each class beyond the likeliest two (Angelopoulos et al. 2021).
    """
    if rule == "lac":
        return 1 - p
    order = np.argsort(-p, axis=1, kind="stable")
    descending = np.take_along_axis(p, order, 1)
    mass = np.cumsum(descending, 1) - descending * (1 - np.reshape(u, (-1, 1)))
    if rule == "raps":
        mass = mass + RAPS_PENALTY * np.maximum(np.arange(1, p.shape[1] + 1) - RAPS_FREE, 0)
    scores = np.empty_like(mass)
    np.put_along_axis(scores, order, mass, 1)
    return scores


def prediction_sets(p: np.ndarray, rule: str, quantile: float, u: np.ndarray | float = 0.0) -> np.ndarray:
    """Which classes are in each case's set, ``[n, K]`` bool."""
    return class_scores(p, rule, u) <= quantile


def missed_shares(p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of the true structure (bool) where its probability is below each threshold; 0 of an absent one."""
    return _share_below(p[truth], max(np.count_nonzero(truth), 1))


def excess_shares(p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Voxels outside the true structure whose probability reaches each threshold, as a share of the structure, at most 1."""
    outside = p[~truth]
    reaching = len(outside) - _share_below(outside, 1)
    return np.minimum(reaching / max(np.count_nonzero(truth), 1), 1.0)


def reaching_shares(p: np.ndarray) -> np.ndarray:
    """Share of all voxels whose probability reaches each threshold."""
    return 1 - _share_below(p.ravel(), p.size)


def _share_below(values: np.ndarray, of: int) -> np.ndarray:
    return np.searchsorted(np.sort(values), THRESHOLDS, side="left") / of


def bounding_thresholds(missed: np.ndarray, excess: np.ndarray, alpha: float) -> dict[str, float]:
    """Conformal risk control of a structure from n cases' losses ``[n, thresholds]``.

    ``upper``: the largest threshold at which a new case's expected `missed_shares` are at most α; ``lower``: the smallest, not
    below ``upper``, for its `excess_shares`. With R̂ the mean loss, both ask n/(n + 1)·R̂ + 1/(n + 1) ≤ α.

    Raises:
        DataError: see `check_alpha`.
    """
    n = len(missed)
    check_alpha(alpha, n)
    holds_missed, holds_excess = ((n * losses.mean(0) + 1) / (n + 1) <= alpha + 1e-12 for losses in (missed, excess))
    upper = np.flatnonzero(holds_missed)[-1]  # the first always holds, as nothing is missed at 0
    lower = max(upper, np.flatnonzero(holds_excess)[0])  # the last always holds
    return {"upper": float(THRESHOLDS[upper]), "lower": float(THRESHOLDS[lower])}


def volume_scores(volume: np.ndarray, low: np.ndarray, high: np.ndarray, voxel: np.ndarray | float) -> np.ndarray:
    """How far true volumes lie outside the spread of the samples, as logarithms of volumes plus a voxel (mm³); negative inside.

    Conformalized quantile regression (Romano et al. 2019), on a scale where small and large structures count alike.
    """
    true, least, most = (np.log(np.asarray(v, float) + voxel) for v in (volume, low, high))
    return np.maximum(least - true, true - most)


def predicted_interval(row: Mapping[str, float]) -> tuple[float, float]:
    """The spread of a structure's samples in mm³ (see `tfuq.measures.structure`); its volume twice where it is of one sample."""
    return tuple(row.get(f"volume_{side}_mm3", row["volume_mm3"]) for side in ("lower", "upper"))


def landmark_scale(row: Mapping[str, float]) -> float:
    """What a landmark's radial errors are measured in: its mean radial spread over samples plus one, in mm, or else pixels."""
    return row.get("mean_radial_spread_mm" if "x_mm" in row else "mean_radial_spread", 0.0) + 1.0


def volume_interval(low: float, high: float, voxel: float, quantile: float) -> tuple[float, float]:
    """The spread of the samples made wider (or narrower) by a quantile of `volume_scores`, in mm³; never inside out."""
    least, most = (low + voxel) * math.exp(-quantile) - voxel, (high + voxel) * math.exp(quantile) - voxel
    if least > most:
        least = most = math.sqrt((low + voxel) * (high + voxel)) - voxel
    return max(least, 0.0), max(most, 0.0)


def realized(held: np.ndarray, promised: float, calibrated_on: int | None = None) -> dict:
    """The share of cases ``[n]`` whose promise held, with its 95 % Clopper-Pearson interval.

    With the number m of calibration cases, ``band`` is where at least 95 % of such shares lie when scores are exchangeable and
    without ties: a beta-binomial of n and (l, m + 1 − l), l = ⌈(m + 1)·promised⌉ (Angelopoulos & Bates 2023). ``outside`` says
    whether the share lies ``below`` or ``above`` it, or is None. Below it the promise is ``broken``; above it there may be ties.
    """
    held = np.asarray(held, bool)
    n, hits = len(held), int(held.sum())
    low, high = stats.binomtest(hits, n).proportion_ci(0.95)
    row = {"promised": promised, "realized": hits / n, "interval": [float(low), float(high)], "n": n}
    if calibrated_on is None:
        return row
    least, most = coverage_band(calibrated_on, n, 1 - promised)
    outside = _side(hits / n, least, most)
    return row | {"calibrated_on": calibrated_on, "band": [least, most], "outside": outside, "broken": outside == "below"}


def _side(share: float, least: float, most: float) -> str | None:
    if share < least:
        return "below"
    return "above" if share > most else None


def coverage_band(calibrated_on: int, n: int, alpha: float, share: float = 0.95) -> list[float]:
    """The central ``share`` of realized coverages over n test cases, see `realized`."""
    rank = math.ceil((calibrated_on + 1) * (1 - alpha) - 1e-9)
    law = stats.betabinom(n, rank, calibrated_on + 1 - rank)
    return [float(law.ppf(q)) / n for q in ((1 - share) / 2, (1 + share) / 2)]


def mean_loss(losses: np.ndarray, promised: float, calibrated_on: int) -> dict:
    """Mean of case losses ``[n]`` in 0…1 with its 95 % interval: see `_interval_of_mean`.

    ``band``: from 0 to what the mean of n exchangeable cases exceeds with a probability of at most 2.5 %, had every loss been 0
    or 1, of all losses of a mean those that vary most: see `coverage_band`. ``outside``: ``above`` where it lies above that,
    which breaks the promise.
    """
    n, mean = len(losses), float(np.mean(losses))
    interval = _interval_of_mean(np.asarray(losses, float))
    most = 1 - coverage_band(calibrated_on, n, promised)[0]
    is_broken = mean > most + 1e-9
    row = {"promised": promised, "realized": mean, "interval": interval, "n": n, "calibrated_on": calibrated_on}
    return row | {"band": [0.0, most], "outside": "above" if is_broken else None, "broken": is_broken}


def _interval_of_mean(losses: np.ndarray) -> list[float] | None:
    """The 95 % interval of the mean of losses in 0…1 by Student's t.

    Losses that are all 0 or all 1 tell no spread, and that interval would have no width: theirs is Clopper and Pearson's. None
    of one case, and of others that are all alike.
    """
    n, mean = len(losses), float(losses.mean())
    if n < 2:
        return None
    if mean in (0.0, 1.0):
        low, high = stats.binomtest(int(losses.sum()), n).proportion_ci(0.95)
        return [float(low), float(high)]
    if np.ptp(losses) == 0:
        return None
    half = float(stats.t.ppf(0.975, n - 1) * np.std(losses, ddof=1) / math.sqrt(n))
    return [max(mean - half, 0.0), min(mean + half, 1.0)]
