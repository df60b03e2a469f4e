"""Which method is the best, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tfuq.scoring.paired import PairedDifference, holm, paired_difference

SIGNIFICANCE = 0.05


def supported_best(columns: dict[str, np.ndarray], better: str | None) -> str | None:
    """The method of the best mean, where `is_supported` says so of its differences.

    Arguments are as in `differences_from_best`.
    """
    best, differences = differences_from_best(columns, better)
    if not is_supported(differences, better):
        return None
    return best


def differences_from_best(
    columns: dict[str, np.ndarray],
    better: str | None,
) -> tuple[str | None, dict[str, PairedDifference]]:
    """The method of the best mean, and how far every other is from it, p adjusted by Holm.

    Args:
        columns: a score of the same cases by method, ``[n]`` each.
        better: the score's orientation; of one "nearer zero" sizes are compared. Without one there
            is no best.
    """
    has_cases = all(len(values) for values in columns.values())
    if better is None or not has_cases:
        return None, {}
    oriented = columns
    if better == "nearer zero":
        oriented = {method: np.abs(values) for method, values in columns.items()}
    best = _best_mean(oriented, better)
    differences = {}
    for method, values in oriented.items():
        if method != best:
            differences[method] = paired_difference(values, oriented[best])
    return best, _adjusted(differences)


def _best_mean(columns: dict[str, np.ndarray], better: str) -> str:
    means = {method: values.mean() for method, values in columns.items()}
    if better == "higher":
        return max(means, key=means.__getitem__)
    return min(means, key=means.__getitem__)


def _adjusted(differences: dict[str, PairedDifference]) -> dict[str, PairedDifference]:
    p = holm({method: difference.p for method, difference in differences.items()})
    return {method: replace(difference, p=p[method]) for method, difference in differences.items()}


def is_supported(differences: Mapping[str, PairedDifference], better: str | None) -> bool:
    """Whether every other method is worse than the best mean by its test and its interval.

    The whole interval has to lie on that side.

    Args:
        differences: of the other methods from the best mean, p adjusted.
        better: the score's orientation.
    """
    worse = 1
    if better == "higher":
        worse = -1
    for difference in differences.values():
        if not (difference.p < SIGNIFICANCE and difference.sign == worse):
            return False
    return bool(differences)
