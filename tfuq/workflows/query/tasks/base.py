"""How informative a predicted case is, and the table of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.calibration.observed import Part
from tfuq.config.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Queried:
    """What a query asks of a task's predictions.

    Attributes:
        information: of a case, from its folder and its parts: how much its samples disagree.
        title: what that is, in words.
        of_one_sample: the same where there is one sample, which cannot disagree.
        title_of_one_sample: what that is.
    """

    information: Callable[[Path, Sequence[Part]], float]
    title: str
    of_one_sample: Callable[[Path, Sequence[Part]], float]
    title_of_one_sample: str


QUERIED: Registry[Queried] = Registry("task of a query")


def mean_measure(parts: Sequence[Part], name: str) -> float:
    """The mean of a measure over the parts that count and have it; 0 where none has."""
    values = [part.measures[name] for part in parts if part.counts and name in part.measures]
    if not values:
        return 0.0
    return sum(values) / len(values)
