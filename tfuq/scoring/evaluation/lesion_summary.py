"""Lesions over cases: sensitivity, false positives a scan, F1, and free-response curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfuq.measures.catalogue import MAXIMUM_PROBABILITY
from tfuq.scoring.bootstrap import bounds, cluster_interval, share_with_interval
from tfuq.scoring.free_response import free_response
from tfuq.scoring.rows import Row, column, grouped, none_if_nan, numbers_of, rows_with

CONFIDENCES = ("detection_frequency", MAXIMUM_PROBABILITY.name)


def lesion_summary(counts: Sequence[Row], lesions: Sequence[Row]) -> dict[str, Row]:
    """Scores of detection of each structure.

    Intervals are over resampled cases. Where a case has two references, each counts as a scan.

    Args:
        counts: rows of ``detection.csv``.
        lesions: rows of ``lesions.csv``.

    Returns:
        By structure the numbers of ``scans``, ``lesions``, ``found``, ``false_positives`` and
        ``duplicates``; with the ends of 95 % intervals, ``sensitivity``,
        ``false_positives_per_scan`` and ``lesion_f1``; ``lesion_precision``, and ``mean_iou`` of
        the lesions that are found. None is not defined.
    """
    of_structures = grouped(lesions, "class")
    return {
        name: _summary(rows, of_structures.get(name, []))
        for name, rows in grouped(counts, "class").items()
    }


def _summary(counts: Sequence[Row], lesions: Sequence[Row]) -> Row:
    cases = np.array(column(counts, "case"))
    present = numbers_of(counts, "lesions")
    found = numbers_of(counts, "found")
    false = numbers_of(counts, "false_positives")
    statistics = {
        "false_positives_per_scan": (false, np.ones(len(counts))),
        "lesion_f1": (2 * found, found + false + present),
    }
    summary: Row = {"scans": len(counts)}
    for name in ("lesions", "found", "false_positives", "duplicates"):
        summary[name] = sum(column(counts, name))
    summary |= _sensitivity(lesions)
    for name, (part, whole) in statistics.items():
        summary[name] = none_if_nan(float(_ratio(part.sum(), whole.sum())))
        summary |= bounds(_interval(part, whole, cases), f"{name}_")
    summary["lesion_precision"] = none_if_nan(float(_ratio(found.sum(), (found + false).sum())))
    detected = [row["iou"] for row in lesions if row["detected"]]
    summary["mean_iou"] = float(np.mean(detected)) if detected else None
    return summary


def _sensitivity(lesions: Sequence[Row]) -> Row:
    """The share of lesions that are found, with its interval; None without lesions."""
    if not lesions:
        return {"sensitivity": None, **bounds(None, "sensitivity_")}
    is_found = np.array(column(lesions, "detected"), bool)
    share = share_with_interval(is_found, np.array(column(lesions, "case")))
    return {
        "sensitivity": share["share"],
        "sensitivity_lower": share["lower"],
        "sensitivity_upper": share["upper"],
    }


def _interval(part: np.ndarray, whole: np.ndarray, cases: np.ndarray) -> list[float] | None:
    """The interval of a ratio; None where all resampled cases are alike, which tells nothing."""
    interval = cluster_interval(_Ratio(part, whole), cases)
    if interval is None or interval[0] == interval[1]:
        return None
    return interval


class _Ratio:
    """The ratio of two sums over bootstrap samples; NaN where the second is 0."""

    def __init__(self, part: np.ndarray, whole: np.ndarray) -> None:
        self._part = part
        self._whole = whole

    def __call__(self, times: np.ndarray) -> np.ndarray:
        return _ratio(times @ self._part, times @ self._whole)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def curves(candidates: Sequence[Row], summary: dict[str, Row]) -> list[Row]:
    """The rows of ``froc.csv``: a free-response curve of each structure and confidence.

    The confidences are the samples' detection frequency, where samples were kept, and the mean over
    the component of the largest probability, which regions do not have.

    Args:
        candidates: a row for each predicted component and reference.
        summary: of `lesion_summary`.
    """
    of_structures = grouped(candidates, "class")
    rows = []
    for name, detection in summary.items():
        of_structure = of_structures.get(name, [])
        for confidence in CONFIDENCES:
            ranked = rows_with(of_structure, confidence)
            if not detection["lesions"] or not ranked:
                continue
            points = free_response(
                numbers_of(ranked, confidence),
                numbers_of(ranked, "lesion") > 0,
                numbers_of(ranked, "false_positive") > 0,
                lesions=detection["lesions"],
                scans=detection["scans"],
            )
            rows += [{"class": name, "confidence": confidence, **point} for point in points]
    return rows
