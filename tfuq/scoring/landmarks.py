"""Scores of landmarks.

Errors are radial, in mm, or in pixels where their size is not known, ``[n, L]`` for n images of L
landmarks; NaN where a landmark is missing. A detection succeeds at z mm where its error is below z.

References:
    Wang et al. 2016, Medical Image Analysis 31 (success rates of ISBI 2015).
"""

from __future__ import annotations

import numpy as np

from tfuq.measures.landmark import prediction_ellipse
from tfuq.scoring.bootstrap import share_with_interval
from tfuq.scoring.rows import Row

THRESHOLDS_MM = (2.0, 2.5, 3.0, 4.0)
FAILURE_MM = 4.0


def radial_errors(
    predicted: np.ndarray,
    truth: np.ndarray,
    mm_per_pixel: float | np.ndarray,
) -> np.ndarray:
    """Distances in mm between positions.

    Args:
        predicted: ``[n, L, 2]`` in pixels.
        truth: ``[n, L, 2]`` in pixels.
        mm_per_pixel: one number, or one for x and one for y; 1 leaves pixels.

    Returns:
        ``[n, L]``.
    """
    offsets = (predicted - truth) * np.asarray(mm_per_pixel)
    errors: np.ndarray = np.linalg.norm(offsets, axis=-1)
    return errors


def success_rates(
    errors: np.ndarray,
    thresholds: tuple[float, ...] = THRESHOLDS_MM,
) -> dict[str, float | None]:
    """Share of the landmarks with an error below each threshold, as ``sdr_2mm`` ….

    Args:
        errors: in mm; those that are NaN are left out. Without any other a share is None.
        thresholds: in mm.
    """
    present = _without_nan(errors)
    rates: dict[str, float | None] = {}
    for threshold in thresholds:
        name = f"sdr_{threshold:g}mm"
        rates[name] = None
        if present.size:
            rates[name] = float(np.mean(present < threshold))
    return rates


def _without_nan(values: np.ndarray) -> np.ndarray:
    present: np.ndarray = values[~np.isnan(values)]
    return present


def landmark_table(errors: np.ndarray, names: list[str], *, in_mm: bool = True) -> list[Row]:
    """A row for each landmark and a last one, "all".

    Args:
        errors: ``[n, L]``.
        names: of the L landmarks.
        in_mm: whether errors are in mm, and not in pixels.

    Returns:
        Rows with n, mean, sample standard deviation, median, and of errors in mm success rates.
    """
    columns = [*errors.T, errors]
    rows = []
    for name, column in zip([*names, "all"], columns, strict=True):
        rows.append({"landmark": name, **_summary(column, in_mm=in_mm)})
    return rows


def rater_distance(
    a: np.ndarray,
    b: np.ndarray,
    mm_per_pixel: float | np.ndarray,
) -> dict[str, float | None]:
    """How far two raters' positions lie apart: what a method can hope for.

    Args:
        a: positions ``[n, L, 2]``.
        b: positions ``[n, L, 2]``.
        mm_per_pixel: as in `radial_errors`.

    Returns:
        The columns of `landmark_table`.
    """
    return _summary(radial_errors(a, b, mm_per_pixel), in_mm=True)


def rater_spread(points: np.ndarray) -> np.ndarray:
    """Mean distance of the raters' positions from their mean.

    Args:
        points: of R raters, ``[R, n, L, 2]``.

    Returns:
        ``[n, L]``; NaN where a rater has none.
    """
    offsets = points - points.mean(0)
    spreads: np.ndarray = np.linalg.norm(offsets, axis=-1).mean(0)
    return spreads


def _summary(errors: np.ndarray, *, in_mm: bool) -> dict[str, float | None]:
    present = _without_nan(errors)
    row: dict[str, float | None] = {"n": present.size, "mean": None, "std": None, "median": None}
    if present.size:
        row["mean"] = float(present.mean())
        row["median"] = float(np.median(present))
    if present.size > 1:
        row["std"] = float(present.std(ddof=1))
    if in_mm:
        row |= success_rates(present)
    return row


def ellipse_coverage(
    truth: np.ndarray,
    positions: np.ndarray,
    covariances: np.ndarray | None,
    samples: int,
) -> Row | None:
    """How often the 95 % ellipse of the samples holds the true position.

    The ellipse (`tfuq.measures.landmark.prediction_ellipse`) is where 95 % of more samples would
    lie, so it holds the truth as often only if samples err as they spread.

    Args:
        truth: positions ``[n, L, 2]`` in pixels, NaN where a landmark is missing.
        positions: mean positions of the samples, ``[n, L, 2]``.
        covariances: of the samples, ``[n, L, 2, 2]``; None of one sample.
        samples: T.

    Returns:
        ``share``, its 95 % interval over resampled images (``lower``, ``upper``), ``n`` landmarks,
        ``cases`` and ``samples``; None where there is no ellipse (T ≤ 2) or no truth.
    """
    if covariances is None or prediction_ellipse(np.eye(2), samples) is None:
        return None
    held = []
    images = []
    is_known = ~np.isnan(truth).any(-1)
    for image, landmark in np.argwhere(is_known):
        ellipse = prediction_ellipse(covariances[image, landmark], samples)
        if ellipse is not None:
            offset = truth[image, landmark] - positions[image, landmark]
            held.append(ellipse.holds(offset))
            images.append(image)
    if not held:
        return None
    share = share_with_interval(np.array(held), np.array(images))
    return {**share, "samples": samples}
