"""How well a measure of uncertainty finds the landmarks that are off.

Measures and errors are ``[n, L]`` for n images of L landmarks; errors are NaN where a landmark is
missing. A measure is to be larger where a position is less certain: negate a maximum activation.
"""

from __future__ import annotations

import numpy as np

from tfuq.scoring.association import auroc_interval
from tfuq.scoring.calibration import error_auroc
from tfuq.scoring.landmarks import FAILURE_MM
from tfuq.scoring.rows import Row


def detection_auroc(
    measure: np.ndarray,
    errors: np.ndarray,
    threshold_mm: float = FAILURE_MM,
) -> float | None:
    """How well a measure finds the landmarks that are off by ``threshold_mm`` or more.

    It is None where all or none are.
    """
    present = _has_both(measure, errors)
    failed = np.asarray(errors)[present] >= threshold_mm
    return error_auroc(np.asarray(measure)[present], failed)


def _has_both(measure: np.ndarray, errors: np.ndarray) -> np.ndarray:
    has_both: np.ndarray = ~(np.isnan(measure) | np.isnan(errors))
    return has_both


def detection_interval(
    measure: np.ndarray,
    errors: np.ndarray,
    threshold_mm: float = FAILURE_MM,
) -> list[float] | None:
    """The 95 % interval of `detection_auroc` over resampled images; None where it is not defined.

    Arguments are as there.
    """
    present = _has_both(measure, errors)
    failed = errors[present] >= threshold_mm
    if failed.all() or not failed.any():
        return None
    images, _ = np.nonzero(present)
    return auroc_interval(measure[present], failed, images)


def errors_by_quantile(
    measure: np.ndarray,
    errors: np.ndarray,
    bins: int = 5,
    threshold_mm: float = FAILURE_MM,
) -> list[Row]:
    """A row for each quantile of the measure, the most certain first.

    Equal values share a bin, so a bin may be empty; its range, error and share are then None.

    Args:
        measure: ``[n, L]``.
        errors: ``[n, L]`` in mm.
        bins: number of quantiles.
        threshold_mm: an error of it or more is a failure.

    Returns:
        Rows with n, the range of the measure, the mean error (mm) and the share of failures.
    """
    present = _has_both(measure, errors)
    x = np.asarray(measure)[present]
    y = np.asarray(errors)[present]
    edges = np.zeros(bins - 1)
    if len(x):
        edges = np.quantile(x, np.arange(1, bins) / bins)
    bin_of_item = np.searchsorted(edges, x, side="left")
    rows = []
    for number in range(bins):
        is_inside = bin_of_item == number
        rows.append({"bin": number + 1, **_bin(x[is_inside], y[is_inside], threshold_mm)})
    return rows


def _bin(measure: np.ndarray, errors: np.ndarray, threshold_mm: float) -> Row:
    if not len(measure):
        return {"n": 0, "low": None, "high": None, "mean_error": None, "failure_rate": None}
    return {
        "n": len(measure),
        "low": float(measure.min()),
        "high": float(measure.max()),
        "mean_error": float(errors.mean()),
        "failure_rate": float(np.mean(errors >= threshold_mm)),
    }
