"""What is good or bad of a task's cases, and how ``--quality`` says it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tfuq.calibration.quality import Scale
from tfuq.errors import DataError
from tfuq.measures.catalogue import OF_VOXELS, names_of, ranked_at

Aggregation = Literal["mean", "worst"]
_WORST = "worst-"


@dataclass(frozen=True, kw_only=True)
class QualityKind:
    """What is good or bad of a task's cases.

    Attributes:
        name: as ``--quality`` and columns have it.
        title: as people write it.
        scale: Dice, or an error; None of a class that is right or wrong.
        limit: a case is bad below this Dice, or from this error on; None where it must be given.
        measures: of the rule, the first that a case has is the default.
        known_measures: those that predictions of the task can have.
    """

    name: str
    title: str
    scale: Scale | None
    limit: float | None
    measures: tuple[str, ...]
    known_measures: tuple[str, ...]


DICE = QualityKind(
    name="dice",
    title="Dice",
    scale="dice",
    limit=0.8,
    measures=("pairwise_dice", "mean_entropy"),
    known_measures=ranked_at("structure"),
)
RADIAL_ERROR = QualityKind(
    name="radial-error",
    title="radial error",
    scale="error",
    limit=None,
    measures=("mean_radial_spread_mm", "mean_radial_spread", "max_activation"),
    known_measures=ranked_at("landmark"),
)
WRONG_CLASS = QualityKind(
    name="wrong-class",
    title="probability of a wrong class",
    scale=None,
    limit=0.5,
    measures=("predictive_entropy",),
    known_measures=names_of(OF_VOXELS),
)
KINDS = {kind.name: kind for kind in (DICE, RADIAL_ERROR, WRONG_CLASS)}


def is_bad(quality: float, kind: QualityKind, limit: float) -> bool:
    """Whether a case is bad: below the limit of Dice, or at an error of the limit or more."""
    if kind.scale == "dice":
        return quality < limit - 1e-12
    return quality >= limit


def is_limit(limit: float, kind: QualityKind) -> bool:
    """Whether a number can part good cases from bad ones."""
    most = math.inf
    if kind.scale == "dice":
        most = 1.0
    return 0 < limit <= most and math.isfinite(limit)


def parse_quality(
    text: str | None,
    kind: QualityKind,
    default: float | None,
) -> tuple[float, Aggregation]:
    """The limit and the aggregation of ``--quality``.

    Args:
        text: such as ``dice:0.8``; None for the default.
        kind: of the task.
        default: the limit where the text has none; None where it must have one.

    Raises:
        DataError: it is of another kind, or its limit is none.
    """
    name, _, number = (text or kind.name).partition(":")
    aggregation: Aggregation = "mean"
    if name.startswith(_WORST):
        aggregation = "worst"
    if name.removeprefix(_WORST) != kind.name or (kind.scale is None and text not in (None, name)):
        raise DataError(f"--quality {text}: is not of this task; {_example(kind)}")
    limit = default
    if number:
        limit = _number(number)
    if limit is None or not is_limit(limit, kind):
        raise DataError(
            f"--quality {text or kind.name}: has no limit that serves; {_example(kind)}"
        )
    return limit, aggregation


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _example(kind: QualityKind) -> str:
    if kind.scale is None:
        return f"give {kind.name}, or leave --quality out"
    limit = kind.limit or 4
    return (
        f"give {kind.name}:{limit:g} for the mean over structures or landmarks, or "
        f"{_WORST}{kind.name}:{limit:g} for the worst of them"
    )
