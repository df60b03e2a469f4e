"""Which cases of a pool to annotate next: uncertain ones that differ from each other.

Every case has an information, and perhaps an expected loss. Both are turned into ranks, and the
mean of the ranks orders the pool. Of the first cases of this order, a core-set rule (greedy
k-center) takes those that are far apart.

References:
    Sener & Savarese 2018, Active Learning for Convolutional Neural Networks: A Core-Set Approach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

SHORTLIST = 4  # cases that the core-set rule chooses among, for each that is chosen


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A case that is chosen.

    Attributes:
        index: of the case in the pool.
        distance: of its features from the nearest case that is known or was chosen before; None
            where there is none.
        nearest: the index of that case, among the known cases and then the pool's.
    """

    index: int
    distance: float | None
    nearest: int | None


def priorities(information: np.ndarray, loss: np.ndarray | None) -> np.ndarray:
    """How much each case asks to be annotated, from 0 to 1.

    Args:
        information: of n cases.
        loss: expected of them; None where it is not known.

    Returns:
        The mean of both ranks as shares of the pool, ``[n]``; equal values have equal ranks.
    """
    ranks = _ranks(information)
    if loss is None:
        return ranks
    both: np.ndarray = (ranks + _ranks(loss)) / 2
    return both


def _ranks(values: np.ndarray) -> np.ndarray:
    ranks: np.ndarray = stats.rankdata(values)
    return (ranks - 0.5) / len(values)


def choose(
    priority: np.ndarray,
    features: np.ndarray,
    known: np.ndarray,
    count: int,
) -> list[Chosen]:
    """Choose cases, the first the one of the highest priority.

    Each further one is the case of the shortlist that is farthest from all that is known or chosen.

    Args:
        priority: of n cases.
        features: of them, ``[n, d]``.
        known: features of cases that are annotated, ``[m, d]``.
        count: how many to choose, at most n.
    """
    order = np.argsort(-priority, kind="stable")[: SHORTLIST * count]
    distances = np.full(len(features), np.inf)
    nearest = np.full(len(features), -1)
    for index in range(len(known)):
        _approach(distances, nearest, features, known[index], index)
    chosen: list[Chosen] = []
    left = list(order)
    while left and len(chosen) < count:
        farthest = left[0]
        if chosen:
            farthest = max(left, key=lambda index: distances[index])
        left.remove(farthest)
        chosen.append(_chosen(int(farthest), distances, nearest))
        _approach(distances, nearest, features, features[farthest], len(known) + farthest)
    return chosen


def _approach(
    distances: np.ndarray, nearest: np.ndarray, features: np.ndarray, center: np.ndarray, index: int
) -> None:
    """Enter a center into the distances of all cases from their nearest one."""
    from_center = np.sqrt(((features - center) ** 2).sum(-1))
    is_nearer = from_center < distances
    distances[is_nearer] = from_center[is_nearer]
    nearest[is_nearer] = index


def _chosen(index: int, distances: np.ndarray, nearest: np.ndarray) -> Chosen:
    if nearest[index] < 0:
        return Chosen(index=index, distance=None, nearest=None)
    return Chosen(index=index, distance=float(distances[index]), nearest=int(nearest[index]))


def standardized(groups: Sequence[np.ndarray]) -> np.ndarray:
    """Features of one scale, every group of the same weight.

    Args:
        groups: each ``[n, d]``; a column that does not differ counts for nothing.

    Returns:
        All columns with mean 0, ``[n, sum of d]``. The mean square distance of two cases by a group
        of columns that all differ is 2.
    """
    scaled = []
    for group in groups:
        spread = group.std(0)
        differing = np.where(spread > 1e-9, spread, 1.0)
        scaled.append((group - group.mean(0)) / differing / np.sqrt(group.shape[1]))
    return np.concatenate(scaled, axis=1)
