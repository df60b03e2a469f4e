"""Measures of one landmark's samples (NumPy)."""

from __future__ import annotations

import math

import numpy as np

_CHI_SQUARE_95 = 5.991464547107979  # of two degrees of freedom


def landmark_measures(
    points: np.ndarray, activations: np.ndarray, mm: np.ndarray | None, predicted: np.ndarray | None = None
) -> dict[str, float]:
    """Mean position and spread of samples ``[T, 2]`` (x, y in pixels), and the mean of the heatmaps' maxima ``[T]``.

    ``mm`` is a pixel's width and height where they are known; then the position and its spread are also given in mm.
    ``variance`` is the trace of the population covariance, the mean squared distance from the mean (E-CPV);
    ``mean_radial_spread`` the mean distance, which Drevický & Kodym 2020 call prediction variance; ``max_activation`` is S-MHA
    of one network and E-MHA of several (ibid.). The ellipse holds 95 % of a Gaussian of that covariance: half-axes, and the
    degrees by which the longer one is turned from x towards y. One sample has no spread.

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


def _ellipse(points: np.ndarray) -> dict[str, float]:
    deviations = points - points.mean(0)
    (short, long), axes = np.linalg.eigh(deviations.T @ deviations / len(points))
    return {
        "ellipse_long": math.sqrt(max(long, 0.0) * _CHI_SQUARE_95),
        "ellipse_short": math.sqrt(max(short, 0.0) * _CHI_SQUARE_95),
        "ellipse_degrees": math.degrees(math.atan2(axes[1, 1], axes[0, 1])) % 180,
    }
