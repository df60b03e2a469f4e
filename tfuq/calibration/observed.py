"""Cases as they were predicted: their structures, with measures of uncertainty and a quality."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfuq.calibration.quality_kinds import Aggregation, QualityKind
from tfuq.measures.catalogue import MEASURES, is_ranked
from tfuq.measures.measure import Level

WHOLE = "all"  # the one part of a case that has a class


@dataclass(frozen=True, kw_only=True)
class Part:
    """A structure, landmark or class of a case.

    Attributes:
        name: of the structure or landmark.
        measures: of uncertainty, those that it has, as tables round them.
        counts: whether it is a part of the case's quality and uncertainty; regions are none.
        quality: Dice, radial error, or 1 of a wrong class and 0 of a right one; None where there is
            no reference.
    """

    name: str
    measures: Mapping[str, float]
    counts: bool = True
    quality: float | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A case as it was predicted.

    Attributes:
        case: its id.
        parts: its structures.
        unlike: in what its image is unlike the training images. Its uncertainty is infinite then,
            in the calibration as in a review.
    """

    case: str
    parts: Sequence[Part]
    unlike: Sequence[str] = ()


def part_of(
    name: str,
    row: Mapping[str, Any],
    level: Level,
    *,
    counts: bool = True,
    quality: float | None = None,
) -> Part:
    """Make a part from a row of the tables that ``tfuq predict`` writes.

    Args:
        name: of the part.
        row: its measures, and whatever else.
        level: what the row is of.
        counts: as of `Part`.
        quality: as of `Part`.
    """
    measures = {}
    for column, value in row.items():
        if value is not None and is_ranked(column, level):
            measures[column] = rounded(float(value))
    return Part(name=name, measures=measures, counts=counts, quality=quality)


def rounded(value: float) -> float:
    """A number as tables have it, so that calibration and review see the same."""
    return float(f"{value:.6g}")


def uncertainty_of(part: Part, measure: str) -> float:
    """A structure's measure, larger where it is less certain; infinite where it is missing."""
    value = part.measures.get(measure)
    if value is None:
        return math.inf
    return float(MEASURES[measure].uncertainty(np.array(value)))


def in_measure(measure: str, uncertainty: float) -> float:
    """The value of a measure whose uncertainty is given; the inverse of `uncertainty_of`."""
    if MEASURES[measure].orientation == "more certain":
        return -uncertainty
    return uncertainty


def case_uncertainty(case: Observed, measure: str, aggregation: Aggregation) -> float:
    """The mean or the largest uncertainty of a case's structures; infinite of an unlike one."""
    if case.unlike:
        return math.inf
    values = [uncertainty_of(part, measure) for part in case.parts if part.counts]
    if aggregation == "worst":
        return max(values)
    return math.fsum(values) / len(values)


def case_quality(case: Observed, kind: QualityKind, aggregation: Aggregation) -> float | None:
    """The mean or the worst quality of a case's structures; None where no structure has one."""
    values = []
    for part in case.parts:
        if part.counts and part.quality is not None:
            values.append(part.quality)
    if not values:
        return None
    if aggregation == "mean":
        return math.fsum(values) / len(values)
    if kind.scale == "dice":
        return min(values)
    return max(values)
