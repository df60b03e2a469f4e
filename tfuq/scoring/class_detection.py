"""How well each class is told from all others, as a test for a disease is judged.

A class is positive where its own cases are positive, and the cases of all other classes negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.scoring.auroc import area_under_roc
from tfuq.scoring.bootstrap import bounds, cluster_interval, share_with_interval
from tfuq.scoring.rows import Row

if TYPE_CHECKING:
    from sklearn import metrics
else:
    metrics = ModuleOnUse("sklearn.metrics")


def class_rows(p: np.ndarray, y: np.ndarray, names: Sequence[str]) -> list[Row]:
    """Sensitivity, specificity and the area under the ROC curve of each class.

    Args:
        p: probabilities ``[n, K]``; the largest says which class is predicted.
        y: numbers of the true classes ``[n]``.
        names: of the K classes.

    Returns:
        A row for each class, with 95 % intervals: Clopper and Pearson's of shares, the bootstrap's
        of areas. A cell is None where the class has no positive, or no negative, case.
    """
    predicted = p.argmax(1)
    rows = []
    for number, name in enumerate(names):
        positive = y == number
        hit = predicted == number
        row: Row = {"class": name, "cases": int(positive.sum())}
        row |= _share("sensitivity", hit[positive])
        row |= _share("specificity", ~hit[~positive])
        row |= _area(p[:, number], positive)
        rows.append(row)
    return rows


def _share(name: str, held: np.ndarray) -> Row:
    """A share with the ends of its interval."""
    if not len(held):
        return {name: None, **bounds(None, f"{name}_")}
    found = share_with_interval(held, np.arange(len(held)))
    return {
        name: found["share"],
        f"{name}_lower": found["lower"],
        f"{name}_upper": found["upper"],
    }


def _area(probability: np.ndarray, positive: np.ndarray) -> Row:
    """The area under the ROC curve with the ends of its interval.

    Where the classes do not overlap, or only the wrong way, every bootstrap sample has the same
    area. There is no interval then.
    """
    area = area_under_roc(probability, positive)
    interval = None
    if area is not None and 0 < area < 1:
        areas = _Areas(probability, positive)
        interval = cluster_interval(areas, np.arange(len(positive)))
    return {"auroc": area, **bounds(interval, "auroc_")}


class _Areas:
    """Areas under the ROC curve of bootstrap samples, which say how often each case occurs."""

    def __init__(self, values: np.ndarray, positive: np.ndarray) -> None:
        self._order = np.argsort(values, kind="stable")
        ordered = values[self._order]
        is_first = np.append(True, np.diff(ordered) > 0)
        self._starts = np.flatnonzero(is_first)  # of equal values
        self._positive = positive[self._order]

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """The areas ``[d]`` of samples ``[d, n]``; NaN where one kind is missing."""
        ordered = times[:, self._order]
        positives = np.add.reduceat(ordered * self._positive, self._starts, axis=1)
        negatives = np.add.reduceat(ordered * ~self._positive, self._starts, axis=1)
        below = np.cumsum(negatives, axis=1) - negatives
        wins = (positives * (below + negatives / 2)).sum(1)
        pairs = positives.sum(1) * negatives.sum(1)
        areas = np.full(len(wins), np.nan)
        np.divide(wins, pairs, out=areas, where=pairs > 0)
        return areas


def mean_area(rows: Sequence[Row]) -> float | None:
    """The mean area over the classes that have one; None where none has."""
    areas = [row["auroc"] for row in rows if row["auroc"] is not None]
    if not areas:
        return None
    return float(np.mean(areas))


def roc_curve(p: np.ndarray, y: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The ROC curve of a class: false positive rates and sensitivities, ``[points]`` each.

    Args:
        p: probabilities ``[n, K]``.
        y: numbers of the true classes ``[n]``.
        number: of the class.

    Returns:
        The curve; None where the class has no positive, or no negative, case.
    """
    positive = y == number
    if positive.all() or not positive.any():
        return None
    false_positives, sensitivities, _ = metrics.roc_curve(positive, p[:, number])
    return false_positives, sensitivities
