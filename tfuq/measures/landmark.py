"""Measures of one landmark's samples (NumPy)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = ModuleOnUse("scipy.stats")

ELLIPSE = ("ellipse_long", "ellipse_short", "ellipse_degrees")  # columns
_ELLIPSE_SHARE = 0.95
_AXES = 2
_LEAST_HALF_AXIS = 1e-9  # pixels, where all samples are equal


def landmark_measures(
    points: np.ndarray,
    activations: np.ndarray,
    mm: np.ndarray | None,
    predicted: np.ndarray | None = None,
) -> dict[str, float]:
    """Mean position and spread of samples, and the mean of the heatmaps' maxima.

    Args:
        points: samples of the position ``[T, 2]`` as (x, y), in pixels.
        activations: maxima of the heatmaps ``[T]``.
        mm: width and height of a pixel ``[2]`` in mm, or None where they are not known.
        predicted: variances along x and y that a heteroscedastic network predicts ``[T, 2]``, in
            pixels²; None for another network.

    Returns:
        Measures by name; positions and spreads are in pixels, and with ``_mm`` also in mm if ``mm``
        is known. One sample has no spread.

        * ``variance``: trace of the population covariance, the mean squared distance from the mean
          (E-CPV).
        * ``mean_radial_spread``: the mean distance from the mean.
        * ``ellipse_…``: `prediction_ellipse`, for T > 2.
        * ``aleatoric_variance``: mean of the predicted variances, added over the axes.
        * ``epistemic_variance``: variance of the positions, added over the axes.
        * ``total_variance``: the sum of both.
        * ``max_activation``: S-MHA for one network, E-MHA for several.

    References:
        Drevický & Kodym 2020 (they call the mean radial spread prediction variance).
        Kendall & Gal 2017, equation 9 (total variance).
    """
    row = _position(points, "")
    if len(points) > 1:
        row |= _spread(points, "")
        row |= _ellipse(points)
    if predicted is not None:
        row |= _variance_parts(points, predicted, "")
    if mm is not None:
        row |= _measures_in_mm(points, mm, predicted)
    row["max_activation"] = float(activations.mean())
    return row


def _measures_in_mm(
    points: np.ndarray,
    mm: np.ndarray,
    predicted: np.ndarray | None,
) -> dict[str, float]:
    points_mm = points * mm
    row = _position(points_mm, "_mm")
    if len(points) > 1:
        row |= _spread(points_mm, "_mm")
    if predicted is not None:
        row |= _variance_parts(points_mm, predicted * mm**2, "_mm")
    return row


def _variance_parts(points: np.ndarray, predicted: np.ndarray, unit: str) -> dict[str, float]:
    """Aleatoric variance, and for several samples also epistemic and total variance."""
    aleatoric = float(predicted.sum(1).mean())
    parts = {f"aleatoric_variance{unit}": aleatoric}
    if len(points) > 1:
        epistemic = float(points.var(0).sum())
        parts[f"epistemic_variance{unit}"] = epistemic
        parts[f"total_variance{unit}"] = aleatoric + epistemic
    return parts


def _position(points: np.ndarray, unit: str) -> dict[str, float]:
    x, y = points.mean(0)
    return {f"x{unit}": float(x), f"y{unit}": float(y)}


def _spread(points: np.ndarray, unit: str) -> dict[str, float]:
    deviations = points - points.mean(0)
    distances = np.linalg.norm(deviations, axis=1)
    covariance = _covariance(points)
    return {
        f"covariance_xx{unit}": float(covariance[0, 0]),
        f"covariance_xy{unit}": float(covariance[0, 1]),
        f"covariance_yy{unit}": float(covariance[1, 1]),
        f"variance{unit}": float(np.trace(covariance)),
        f"mean_radial_spread{unit}": float(distances.mean()),
    }


@dataclass(frozen=True, kw_only=True)
class Ellipse:
    """An ellipse around a mean position.

    Attributes:
        long: longer half-axis, in pixels.
        short: shorter half-axis, in pixels.
        degrees: angle of the longer half-axis from x towards y, from 0 to below 180.
    """

    long: float
    short: float
    degrees: float

    def holds(self, offset: np.ndarray) -> bool:
        """Whether a position is inside.

        Args:
            offset: of the position from the mean, ``[2]`` as (x, y), in pixels.
        """
        angle = math.radians(self.degrees)
        cosine = math.cos(angle)
        sine = math.sin(angle)
        along = abs(offset[0] * cosine + offset[1] * sine)
        across = abs(offset[1] * cosine - offset[0] * sine)
        relative_along = along / max(self.long, _LEAST_HALF_AXIS)
        relative_across = across / max(self.short, _LEAST_HALF_AXIS)
        return bool(relative_along**2 + relative_across**2 <= 1)


def prediction_ellipse(covariance: np.ndarray, samples: int) -> Ellipse | None:
    """Where one more sample of the same normal distribution lies with a probability of 95 %.

    This is Hotelling's T². Let S be the samples' covariance over T − 1, and p = 2. For a new sample
    x, (x − x̄)ᵀ S⁻¹ (x − x̄) is at most p(T − 1)(T + 1) / (T(T − p)) times the 95 % quantile of F
    with p and T − p degrees of freedom. For many samples that is the quantile 5.99 of χ². Few
    samples know little of their own spread: five need half-axes 2.3 times as long.

    The ellipse says where samples lie, not where the landmark is. `tfuq score` reports how often it
    holds the truth.

    Args:
        covariance: population covariance ``[2, 2]`` of the samples (over T), in pixels².
        samples: T.

    Returns:
        None for T ≤ 2, which leave no degree of freedom.

    References:
        Johnson & Wichern 2007, Applied Multivariate Statistical Analysis, 5.4 and 5.18 (prediction
        of a future observation).
    """
    freedom = samples - _AXES
    if freedom <= 0:
        return None
    factor = _AXES * (samples - 1) * (samples + 1) / (samples * freedom)
    quantile = float(stats.f.ppf(_ELLIPSE_SHARE, _AXES, freedom))
    reach = factor * quantile
    variances, axes = np.linalg.eigh(covariance * samples / (samples - 1))
    short_variance, long_variance = variances
    angle = math.atan2(
        axes[1, 1],
        axes[0, 1],
    )
    return Ellipse(
        long=_half_axis(long_variance, reach),
        short=_half_axis(short_variance, reach),
        degrees=math.degrees(angle) % 180,
    )


def _half_axis(variance: float, reach: float) -> float:
    return math.sqrt(max(variance, 0.0) * reach)


def _ellipse(points: np.ndarray) -> dict[str, float]:
    ellipse = prediction_ellipse(_covariance(points), len(points))
    if ellipse is None:
        return {}
    numbers = (ellipse.long, ellipse.short, ellipse.degrees)
    return dict(zip(ELLIPSE, numbers, strict=True))


def _covariance(points: np.ndarray) -> np.ndarray:
    """Population covariance ``[2, 2]``."""
    deviations = points - points.mean(0)
    covariance: np.ndarray = deviations.T @ deviations / len(points)
    return covariance
