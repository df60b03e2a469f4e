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
    """By what factor, as a logarithm, a true volume lies outside an interval (Romano et al. 2019)."""
    return max(math.log((low + voxel) / (volume + voxel)), math.log((volume + voxel) / (high + voxel)))


def volume_interval(low: float, high: float, voxel: float, quantile: float) -> tuple[float, float]:
    """An interval of volumes, wider by a quantile of their scores, mm³; of one value where it would turn inside out."""
    factor = math.exp(quantile)
    lower, upper = (low + voxel) / factor - voxel, (high + voxel) * factor - voxel
    if lower > upper:
        lower = upper = math.sqrt((low + voxel) * (high + voxel)) - voxel
    return max(lower, 0.0), max(upper, 0.0)
