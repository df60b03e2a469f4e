"""Landmark scores. Errors are radial, in mm, or in pixels where their size is not known, ``[n, L]`` for n images of L landmarks; NaN
where a landmark is missing.

A detection succeeds at z mm where its error is below z (ISBI 2015; Wang et al., Med. Image Anal. 2016). A measure of uncertainty
``[n, L]`` is to be larger where a position is less certain: negate a maximum activation.
"""

from __future__ import annotations

import numpy as np

from tfuq.measures.landmark import prediction_ellipse
from tfuq.scoring.association import auroc_interval
from tfuq.scoring.bootstrap import share_with_interval
from tfuq.scoring.calibration import error_auroc

THRESHOLDS_MM = (2.0, 2.5, 3.0, 4.0)
FAILURE_MM = 4.0


def radial_errors(predicted: np.ndarray, truth: np.ndarray, mm_per_pixel: float | np.ndarray) -> np.ndarray:
    """Distances ``[n, L]`` in mm between positions ``[n, L, 2]``; the spacing is one number or one for x and one for y, and 1 leaves
    pixels."""
    return np.linalg.norm((predicted - truth) * np.asarray(mm_per_pixel), axis=-1)


def success_rates(errors: np.ndarray, thresholds: tuple[float, ...] = THRESHOLDS_MM) -> dict[str, float | None]:
    """Share of the landmarks that are not missing with an error below each threshold, as ``sdr_2mm`` …; None without any."""
    present = errors[~np.isnan(errors)]
    return {f"sdr_{z:g}mm": float(np.mean(present < z)) if present.size else None for z in thresholds}


def landmark_table(errors: np.ndarray, names: list[str], *, in_mm: bool = True) -> list[dict]:
    """A row for each landmark and a last one "all": n, mean, sample standard deviation, median, and of errors in mm success rates."""
    columns = [*errors.T, errors]
    return [{"landmark": name, **_summary(column, in_mm=in_mm)} for name, column in zip([*names, "all"], columns, strict=True)]


def rater_distance(a: np.ndarray, b: np.ndarray, mm_per_pixel: float | np.ndarray) -> dict[str, float | None]:
    """How far two raters' positions ``[n, L, 2]`` lie apart, in the columns of `landmark_table`: what a method can hope for."""
    return _summary(radial_errors(a, b, mm_per_pixel), in_mm=True)


def rater_spread(points: np.ndarray) -> np.ndarray:
    """Mean distance ``[n, L]`` of the raters' positions ``[R, n, L, 2]`` from their mean; NaN where a rater has none."""
    return np.linalg.norm(points - points.mean(0), axis=-1).mean(0)


def _summary(errors: np.ndarray, *, in_mm: bool) -> dict[str, float | None]:
    present = errors[~np.isnan(errors)]
    n = present.size
    return {
        "n": n,
        "mean": float(present.mean()) if n else None,
        "std": float(present.std(ddof=1)) if n > 1 else None,
        "median": float(np.median(present)) if n else None,
        **(success_rates(present) if in_mm else {}),
    }


def detection_auroc(measure: np.ndarray, errors: np.ndarray, threshold_mm: float = FAILURE_MM) -> float | None:
    """How well a measure finds the landmarks that are off by ``threshold_mm`` or more; None where all or none are."""
    x, y = _pairs(measure, errors)
    return error_auroc(x, y >= threshold_mm)


def detection_interval(measure: np.ndarray, errors: np.ndarray, threshold_mm: float = FAILURE_MM) -> list[float] | None:
    """The 95 % interval of `detection_auroc` over resampled images; None where it is not defined."""
    present = ~(np.isnan(measure) | np.isnan(errors))
    failed = errors[present] >= threshold_mm
    if failed.all() or not failed.any():
        return None
    return auroc_interval(measure[present], failed, np.nonzero(present)[0])


def ellipse_coverage(truth: np.ndarray, positions: np.ndarray, covariances: np.ndarray | None, samples: int) -> dict | None:
    """How often the 95 % ellipse of the samples (`tfuq.measures.landmark.prediction_ellipse`) holds the true position.

    It is where 95 % of further samples would lie, so it holds the truth as often only if samples err as they spread.

    Args:
        truth: positions ``[n, L, 2]`` in pixels, NaN where a landmark is missing.
        positions: mean positions of the samples, ``[n, L, 2]``.
        covariances: of the samples, ``[n, L, 2, 2]``; None of one sample.
        samples: T.

    Returns:
        ``share``, its 95 % interval over resampled images (``lower``, ``upper``), ``n`` landmarks, ``cases`` and ``samples``; None
        where there is no ellipse (T ≤ 2) or no truth.
    """
    if covariances is None or prediction_ellipse(np.eye(2), samples) is None:
        return None
    held, cases = [], []
    for i, k in np.argwhere(~np.isnan(truth).any(-1)):
        ellipse = prediction_ellipse(covariances[i, k], samples)
        held.append(ellipse.holds(truth[i, k] - positions[i, k]))
        cases.append(i)
    return {**share_with_interval(np.array(held), np.array(cases)), "samples": samples} if held else None


def errors_by_quantile(measure: np.ndarray, errors: np.ndarray, bins: int = 5, threshold_mm: float = FAILURE_MM) -> list[dict]:
    """A row for each quantile of the measure, the most certain first: n, its range, mean error (mm), share of failures.

    Equal values share a bin, so a bin may be empty; its range, error and share are then None.
    """
    x, y = _pairs(measure, errors)
    edges = np.quantile(x, np.arange(1, bins) / bins) if len(x) else np.zeros(bins - 1)
    place = np.searchsorted(edges, x, side="left")
    return [{"bin": k + 1, **_bin(x[place == k], y[place == k], threshold_mm)} for k in range(bins)]


def _bin(x: np.ndarray, y: np.ndarray, threshold_mm: float) -> dict[str, float | None]:
    if not len(x):
        return {"n": 0, "low": None, "high": None, "mean_error": None, "failure_rate": None}
    low, high, mean, rate = x.min(), x.max(), y.mean(), np.mean(y >= threshold_mm)
    return {"n": len(x), "low": float(low), "high": float(high), "mean_error": float(mean), "failure_rate": float(rate)}


def _pairs(measure: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The measure and the error of every landmark that has both."""
    present = ~(np.isnan(measure) | np.isnan(errors))
    return np.asarray(measure)[present], np.asarray(errors)[present]
