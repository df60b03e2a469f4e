"""Measures of one landmark's samples (NumPy)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

_SHARE, _AXES = 0.95, 2
_TINY = 1e-9  # pixels: half-axes of samples that are all alike


def landmark_measures(
    points: np.ndarray, activations: np.ndarray, mm: np.ndarray | None, predicted: np.ndarray | None = None
) -> dict[str, float]:
    """Mean position and spread of samples ``[T, 2]`` (x, y in pixels), and the mean of the heatmaps' maxima ``[T]``.

    ``mm`` is a pixel's width and height where they are known; then the position and its spread are also given in mm.
    ``variance`` is the trace of the population covariance, the mean squared distance from the mean (E-CPV);
    ``mean_radial_spread`` the mean distance, which Drevický & Kodym 2020 call prediction variance; ``max_activation`` is S-MHA
    of one network and E-MHA of several (ibid.). ``ellipse_…`` is `prediction_ellipse`, of T > 2. One sample has no spread.

    ``predicted [T, 2]``: variances along x and y, in pixels², that a heteroscedastic network predicts. Then the total variance is
    their mean (aleatoric) and the variance of the positions (epistemic), each added over the axes (Kendall & Gal 2017, eq. 9).
    """
    row = _position(points, "")
    if len(points) > 1:
        row |= _spread(points, "") | _ellipse(points)
    row |= _parts(points, predicted, "")
    if mm is not None:
        row |= _position(points * mm, "_mm")
        if len(points) > 1:
            row |= _spread(points * mm, "_mm")
        row |= _parts(points * mm, None if predicted is None else predicted * mm**2, "_mm")
    return row | {"max_activation": float(activations.mean())}


def _parts(points: np.ndarray, predicted: np.ndarray | None, unit: str) -> dict[str, float]:
    if predicted is None:
        return {}
    aleatoric, epistemic = float(predicted.sum(1).mean()), float(points.var(0).sum())
    parts = {f"aleatoric_variance{unit}": aleatoric}
    if len(points) > 1:
        parts |= {f"epistemic_variance{unit}": epistemic, f"total_variance{unit}": aleatoric + epistemic}
    return parts


def _position(points: np.ndarray, unit: str) -> dict[str, float]:
    x, y = points.mean(0)
    return {f"x{unit}": float(x), f"y{unit}": float(y)}


def _spread(points: np.ndarray, unit: str) -> dict[str, float]:
    deviations = points - points.mean(0)
    covariance = deviations.T @ deviations / len(points)
    return {
        f"covariance_xx{unit}": float(covariance[0, 0]),
        f"covariance_xy{unit}": float(covariance[0, 1]),
        f"covariance_yy{unit}": float(covariance[1, 1]),
        f"variance{unit}": float(np.trace(covariance)),
        f"mean_radial_spread{unit}": float(np.linalg.norm(deviations, axis=1).mean()),
    }


@dataclass(frozen=True)
class Ellipse:
    """An ellipse about a mean position: half-axes ``long`` and ``short`` in pixels, and the ``degrees`` by which the longer one
    is turned from x towards y."""

    long: float
    short: float
    degrees: float

    def holds(self, offset: np.ndarray) -> bool:
        """Whether a position lies within, ``offset [2]`` (x, y in pixels) from the mean."""
        turn = math.radians(self.degrees)
        along = abs(offset[0] * math.cos(turn) + offset[1] * math.sin(turn))
        across = abs(offset[1] * math.cos(turn) - offset[0] * math.sin(turn))
        return bool((along / max(self.long, _TINY)) ** 2 + (across / max(self.short, _TINY)) ** 2 <= 1)


def prediction_ellipse(covariance: np.ndarray, samples: int) -> Ellipse | None:
    """Where one more sample of the same normal distribution would lie with a probability of 95 %, given T samples.

    Hotelling's T²: with S the samples' covariance over T − 1 and p = 2, a new sample x has (x − x̄)ᵀ S⁻¹ (x − x̄) up to
    p(T − 1)(T + 1) / (T(T − p)) times the 95 % quantile of F with p and T − p degrees of freedom. For many samples that is the
    quantile 5.99 of χ². Few samples know little of their own spread: five need half-axes 2.3 times as long.

    It says where samples lie, not where the landmark is: `tfuq score` reports how often it holds the truth.

    Args:
        covariance: population covariance ``[2, 2]`` of the samples (over T), in pixels².
        samples: T.

    Returns:
        None of T ≤ 2, which leave no degree of freedom.

    References:
        Johnson & Wichern 2007, Applied Multivariate Statistical Analysis, 5.4 and 5.18 (prediction of a future observation).
    """
    if samples <= _AXES:
        return None
    factor = _AXES * (samples - 1) * (samples + 1) / (samples * (samples - _AXES))
    reach = factor * float(stats.f.ppf(_SHARE, _AXES, samples - _AXES))
    (short, long), axes = np.linalg.eigh(covariance * samples / (samples - 1))
    degrees = math.degrees(math.atan2(axes[1, 1], axes[0, 1])) % 180
    return Ellipse(*(math.sqrt(max(variance, 0.0) * reach) for variance in (long, short)), degrees)


def _ellipse(points: np.ndarray) -> dict[str, float]:
    found = prediction_ellipse(_covariance(points), len(points))
    if found is None:
        return {}
    return {"ellipse_long": found.long, "ellipse_short": found.short, "ellipse_degrees": found.degrees}


def _covariance(points: np.ndarray) -> np.ndarray:
    deviations = points - points.mean(0)
    return deviations.T @ deviations / len(points)
