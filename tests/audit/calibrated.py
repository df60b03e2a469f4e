"""What a calibration adds to a prediction, and its thresholds from the scores of its cases."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import softmax

_TINY = 1e-30


def scaled(p: np.ndarray, scaling: dict) -> np.ndarray:
    """softmax(w · log p + b) of every sample."""
    logs = np.log(np.maximum(p, _TINY))
    return softmax(logs * np.array(scaling["weights"]) + np.array(scaling["bias"]), -1)


def set_scores(p: np.ndarray, rule: str) -> list[float]:
    """How ill each class conforms, given the probabilities ``[K]`` of one case."""
    if rule == "lac":
        return [1 - float(q) for q in p]
    scores = []
    for k, q in enumerate(p):
        likelier = [j for j, other in enumerate(p) if other > q or (other == q and j < k)]
        penalty = 0.01 * max(len(likelier) + 1 - 2, 0) if rule == "raps" else 0.0
        scores.append(float(sum(p[j] for j in likelier)) + penalty)
    return scores


def conformal_quantile(scores: list[float], alpha: float) -> float:
    """The ⌈(n + 1)(1 - α)⌉-th smallest of n scores."""
    rank = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    return sorted(scores)[rank - 1]


def volume_score(volume: float, low: float, high: float, voxel: float) -> float:
    """By what factor, as a logarithm, a volume lies outside an interval (Romano et al. 2019)."""
    true, least, most = (math.log(value + voxel) for value in (volume, low, high))
    return max(least - true, true - most)


def volume_interval(low: float, high: float, voxel: float, quantile: float) -> tuple[float, float]:
    """An interval of volumes, wider by a quantile of their scores, mm³; of one value where it would
    turn inside out."""
    factor = math.exp(quantile)
    lower, upper = (low + voxel) / factor - voxel, (high + voxel) * factor - voxel
    if lower > upper:
        lower = upper = math.sqrt((low + voxel) * (high + voxel)) - voxel
    return max(lower, 0.0), max(upper, 0.0)


def possible_thresholds() -> np.ndarray:
    """Where the threshold of a bound may lie: 0, even steps of logits, and 2, which no probability
    reaches."""
    logits = np.linspace(-13.8, 13.8, 553)
    return np.concatenate([[0.0], 1 / (1 + np.exp(-logits)), [2.0]]).astype(np.float32)


def bounds(cases: list[tuple[np.ndarray, np.ndarray]], alpha: float) -> dict[str, float]:
    """The thresholds of ``label_upper`` and ``label_lower`` that control their risk (Angelopoulos
    et al. 2022).

    ``cases`` are a structure's probability and truth (bool). ``upper`` is the largest threshold at
    which the share of the structure that is missed is at most α in expectation, ``lower`` the
    smallest one, not below it, for the voxels beyond the structure, as a share of it.
    """
    n = len(cases)
    thresholds = possible_thresholds()

    def controls(losses: list[float]) -> bool:
        return (sum(losses) + 1) / (n + 1) <= alpha + 1e-12

    missed = [t for t in thresholds if controls([missed_share(p, y, t) for p, y in cases])]
    excess = [t for t in thresholds if controls([excess_share(p, y, t) for p, y in cases])]
    upper = max(missed)
    return {"upper": float(upper), "lower": float(max(upper, min(excess)))}


def missed_share(p: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    """Share of a structure whose probability is below a threshold."""
    return (p[truth] < threshold).mean() if truth.any() else 0.0


def excess_share(p: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    """Voxels beyond a structure that reach a threshold, as a share of the structure, at most 1."""
    return min((p[~truth] >= threshold).sum() / max(truth.sum(), 1), 1.0)
