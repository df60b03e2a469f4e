"""Conformal prediction: promises that hold on average over calibration and test cases.

The cases have to be exchangeable. A split-conformal set or interval then holds the truth of a new
case with a probability of at least 1 − α, whatever the network; a risk-controlled threshold keeps
an expected loss in 0…1 at α or below.

`tfuq.scoring.coverage` says whether promises were kept.

References:
    Vovk, Gammerman & Shafer 2005, Algorithmic learning in a random world.
    Angelopoulos et al. 2022, Conformal risk control.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from tfuq.errors import DataError

SetRule = Literal["lac", "aps", "raps"]
SET_RULES: tuple[SetRule, ...] = ("lac", "aps", "raps")
# Of each class beyond the free ones, as Angelopoulos et al. 2021 suggest for few classes.
RAPS_PENALTY = 0.01
RAPS_FREE = 2
_ROUNDING = 1e-9  # of a whole number that was made of α


def check_alpha(alpha: float, cases: int, noun: str = "calibration cases") -> None:
    """Refuse an α that is none, or that so few cases cannot promise: n + 1 ≥ 1/α is needed.

    Args:
        alpha: 1 − the promise.
        cases: n.
        noun: what the cases are, for the message.

    Raises:
        DataError: α is not between 0 and 1, or n is too small.
    """
    if not 0 < alpha < 1:
        raise DataError(f"--alpha {alpha:g}: is not between 0 and 1; 0.1 promises 90 %")
    needed = least_cases(alpha)
    if cases < needed:
        remedy = "name more by --cases"
        if cases:
            remedy += f", or pass --alpha {math.ceil(1000 / (cases + 1)) / 1000:g} or more"
        raise DataError(
            f"{cases} {noun} are too few for --alpha {alpha:g}, which needs {needed} "
            f"(n + 1 ≥ 1/α); {remedy}"
        )


def least_cases(alpha: float) -> int:
    """The fewest calibration cases that can promise 1 − α: n + 1 ≥ 1/α."""
    return math.ceil(1 / alpha - _ROUNDING) - 1


def quantile_rank(cases: int, alpha: float) -> int:
    """⌈(n + 1)(1 − α)⌉: the rank, from 1, of the score that is the conformal quantile."""
    return math.ceil((cases + 1) * (1 - alpha) - _ROUNDING)


def conformal_quantile(scores: np.ndarray, alpha: float) -> float:
    """The ⌈(n + 1)(1 − α)⌉-th smallest of n scores.

    A new score is at most that with a probability of at least 1 − α.

    Args:
        scores: of the calibration cases, ``[n]``.
        alpha: 1 − the promise.

    Raises:
        DataError: see `check_alpha`.
    """
    check_alpha(alpha, len(scores), "scores of calibration cases")
    rank = quantile_rank(len(scores), alpha)
    return float(np.sort(scores)[rank - 1])


def class_scores(p: np.ndarray, rule: str, u: np.ndarray | float = 0.0) -> np.ndarray:
    """Nonconformity of each class; the set of a case are its classes at or below q̂.

    Args:
        p: probabilities ``[n, K]``.
        rule: ``lac``: 1 − p_k; the smallest sets on average, some empty. ``aps``: the mass of the
            classes likelier than k, and ``u`` of that of k. ``raps``: aps and a penalty for each
            class beyond the likeliest two.
        u: uniform in 0…1, ``[n]``, covers exactly; 0 always keeps the likeliest class.

    Returns:
        ``[n, K]``.

    References:
        Sadinle, Lei & Wasserman 2019 (lac); Romano, Sesia & Candès 2020 (aps);
        Angelopoulos et al. 2021 (raps).
    """
    if rule == "lac":
        return 1 - p
    order = np.argsort(-p, axis=1, kind="stable")
    descending = np.take_along_axis(p, order, 1)
    left_out = 1 - np.reshape(u, (-1, 1))
    mass = np.cumsum(descending, 1) - descending * left_out
    if rule == "raps":
        ranks = np.arange(1, p.shape[1] + 1)
        mass = mass + RAPS_PENALTY * np.maximum(ranks - RAPS_FREE, 0)
    scores: np.ndarray = np.empty_like(mass)
    np.put_along_axis(scores, order, mass, 1)
    return scores


def prediction_sets(
    p: np.ndarray,
    rule: str,
    quantile: float,
    u: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Which classes are in each case's set, ``[n, K]`` bool; arguments as in `class_scores`."""
    return class_scores(p, rule, u) <= quantile


def volume_scores(
    volume: np.ndarray | float,
    low: np.ndarray | float,
    high: np.ndarray | float,
    voxel: np.ndarray | float,
) -> np.ndarray:
    """How far true volumes lie outside the spread of the samples; negative inside.

    This is conformalized quantile regression on logarithms of volumes plus a voxel, a scale where
    small and large structures count alike.

    Args:
        volume: true volumes in mm³, ``[n]``.
        low: lower ends of the spread in mm³, ``[n]``.
        high: upper ends of the spread in mm³, ``[n]``.
        voxel: volume of a voxel in mm³.

    References:
        Romano, Patterson & Candès 2019, NeurIPS.
    """
    true = _log_volume(volume, voxel)
    least = _log_volume(low, voxel)
    most = _log_volume(high, voxel)
    scores: np.ndarray = np.maximum(least - true, true - most)
    return scores


def _log_volume(volume: np.ndarray | float, voxel: np.ndarray | float) -> np.ndarray:
    return np.log(np.asarray(volume, float) + voxel)


def predicted_interval(row: Mapping[str, float]) -> tuple[float, float]:
    """The spread of a structure's samples in mm³, see `tfuq.measures.structure`.

    Args:
        row: of measures of the structure; one of a single sample gives its volume twice.
    """
    volume = row["volume_mm3"]
    low = row.get("volume_lower_mm3", volume)
    high = row.get("volume_upper_mm3", volume)
    return low, high


def landmark_scale(row: Mapping[str, float]) -> float:
    """What a landmark's radial errors are measured in: its mean radial spread plus one.

    Args:
        row: of measures of the landmark.

    Returns:
        In mm where the row has mm, else in pixels.
    """
    spread = "mean_radial_spread"
    if "x_mm" in row:
        spread = "mean_radial_spread_mm"
    return row.get(spread, 0.0) + 1.0


def volume_interval(
    low: float,
    high: float,
    voxel: float,
    quantile: float,
) -> tuple[float, float]:
    """The spread of the samples made wider (or narrower) by a quantile of `volume_scores`.

    Args:
        low: lower end of the spread in mm³.
        high: upper end of the spread in mm³.
        voxel: volume of a voxel in mm³.
        quantile: of `volume_scores`.

    Returns:
        Both ends in mm³, at least 0; never inside out.
    """
    least = (low + voxel) * math.exp(-quantile) - voxel
    most = (high + voxel) * math.exp(quantile) - voxel
    if least > most:
        middle = math.sqrt((low + voxel) * (high + voxel)) - voxel
        least = middle
        most = middle
    return max(least, 0.0), max(most, 0.0)
