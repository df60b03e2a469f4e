"""What a calibration knows for the review of cases without references.

A case has structures (or landmarks, or one class), each with measures of uncertainty and, where
there is a reference, a quality. Of calibration cases, `fit_review` makes estimates of the quality
(`tfuq.calibration.quality`, `tfuq.calibration.error_probability`) and the rule of referral
(`tfuq.calibration.referral`).

The rule's uncertainty is one measure that is named before the calibration: the mean of it over the
structures, or the worst of them. It is not the estimate of the quality. An estimate that was
fitted on the calibration cases is no valid score for a promise on the same cases, and a split of
them would cost the rule the cases that it needs most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tfuq.calibration.error_probability import ErrorProbability, fit_error_probability
from tfuq.calibration.quality import Estimate, QualityModel, Scale, fit_quality
from tfuq.calibration.referral import Referral, check_delta, fit_referral
from tfuq.errors import DataError
from tfuq.measures.catalogue import MEASURES, is_ranked
from tfuq.measures.measure import Level

Aggregation = Literal["mean", "worst"]
WHOLE = "all"  # the one part of a case that has a class
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
    """

    name: str
    title: str
    scale: Scale | None
    limit: float | None
    measures: tuple[str, ...]


DICE = QualityKind(
    name="dice",
    title="Dice",
    scale="dice",
    limit=0.8,
    measures=("pairwise_dice", "mean_entropy"),
)
RADIAL_ERROR = QualityKind(
    name="radial-error",
    title="radial error",
    scale="error",
    limit=None,
    measures=("mean_radial_spread_mm", "mean_radial_spread", "max_activation"),
)
WRONG_CLASS = QualityKind(
    name="wrong-class",
    title="probability of a wrong class",
    scale=None,
    limit=0.5,
    measures=("predictive_entropy",),
)


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


@dataclass(frozen=True, kw_only=True)
class ReviewChoices:
    """What is chosen of a review before the calibration cases are looked at.

    Attributes:
        quality: such as ``dice:0.8`` or ``worst-dice:0.8``; None for the task's default.
        measure: of the rule; None for the task's default.
        delta: 1 − the confidence of the rule.
    """

    quality: str | None = None
    measure: str | None = None
    delta: float = 0.1


@dataclass(kw_only=True)
class ReviewRules:
    """What a calibration knows for a review.

    Attributes:
        quality: name of the `QualityKind`.
        limit: a case is bad below this Dice, or from this error on.
        unit: of an error, ``mm`` or ``pixel``; 1 of others.
        aggregation: whether a case has the mean or the worst of its structures.
        measure: of the rule.
        referral: the rule.
        models: estimates of the quality by structure, of those with enough cases.
        errors: the probability of a wrong class; None of other tasks.
    """

    quality: str
    limit: float
    unit: str
    aggregation: Aggregation
    measure: str
    referral: Referral
    models: dict[str, QualityModel] = field(default_factory=dict)
    errors: ErrorProbability | None = None

    def is_consistent(self) -> bool:
        """Whether all of it belongs together."""
        models_fit = all(model.is_consistent() for model in self.models.values())
        errors_fit = self.errors is None or self.errors.is_consistent()
        return models_fit and errors_fit and self.measure in MEASURES

    def estimate(self, part: Part) -> Estimate | None:
        """What is expected of a structure; None where the calibration cases were too few."""
        if self.errors:
            return self.errors.estimate(uncertainty_of(part, self.measure))
        model = self.models.get(part.name)
        if model is None:
            return None
        return model.estimate(part.measures)


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


def is_bad(quality: float, kind: QualityKind, limit: float) -> bool:
    """Whether a case is bad: below the limit of Dice, or at an error of the limit or more."""
    if kind.scale == "dice":
        return quality < limit - 1e-12
    return quality >= limit


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
    if limit is None or not 0 < limit < math.inf or (kind.scale == "dice" and limit > 1):
        raise DataError(
            f"--quality {text or kind.name}: has no limit that serves; {_example(kind)}"
        )
    return limit, aggregation


def check_choices(choices: ReviewChoices, kind: QualityKind) -> None:
    """Refuse choices that no cases fit, before any case is predicted.

    Args:
        choices: of the user.
        kind: of the task.

    Raises:
        DataError: the quality, the measure or δ is none.
    """
    check_delta(choices.delta)
    if choices.quality is not None:
        parse_quality(choices.quality, kind, kind.limit)
    measure = choices.measure
    if measure is not None and (measure not in MEASURES or MEASURES[measure].orientation is None):
        raise DataError(
            f"--refer-by {measure}: is no measure of uncertainty; "
            f"give one such as {kind.measures[0]}, or leave it out"
        )


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


def chosen_measure(asked: str | None, kind: QualityKind, cases: Sequence[Observed]) -> str:
    """The measure of the rule.

    Args:
        asked: by the user; None for the task's default.
        kind: of the task.
        cases: the calibration cases, which say what measures there are.

    Raises:
        DataError: the predictions have no such measure.
    """
    known: dict[str, None] = {}
    for case in cases:
        for part in case.parts:
            known |= dict.fromkeys(part.measures)
    if asked is None:
        return next((name for name in kind.measures if name in known), kind.measures[-1])
    if asked not in known:
        raise DataError(f"--refer-by {asked}: is no measure here; give one of {', '.join(known)}")
    return asked


def fit_review(
    cases: Sequence[Observed],
    kind: QualityKind,
    choices: ReviewChoices,
    *,
    alpha: float,
    unit: str = "1",
    default_limit: float | None = None,
) -> ReviewRules:
    """Fit estimates and the rule on calibration cases.

    Args:
        cases: with qualities; one without any is left out.
        kind: of the task.
        choices: of the user.
        alpha: 1 − the promise of bounds, and the largest share of bad cases among those kept.
        unit: of the quality.
        default_limit: of the quality, where the user gives none.

    Raises:
        DataError: a choice does not fit.
    """
    limit, aggregation = parse_quality(choices.quality, kind, default_limit or kind.limit)
    measure = chosen_measure(choices.measure, kind, cases)
    uncertainties = []
    bad = []
    for case in sorted(cases, key=lambda case: case.case):
        quality = case_quality(case, kind, aggregation)
        if quality is not None:
            uncertainties.append(case_uncertainty(case, measure, aggregation))
            bad.append(is_bad(quality, kind, limit))
    uncertainty = np.array(uncertainties)
    is_bad_case = np.array(bad, bool)
    rules = ReviewRules(
        quality=kind.name,
        limit=limit,
        unit=unit,
        aggregation=aggregation,
        measure=measure,
        referral=fit_referral(uncertainty, is_bad_case, alpha, choices.delta),
    )
    if kind.scale is None:
        rules.errors = fit_error_probability(uncertainty, is_bad_case)
    else:
        rules.models = _models(cases, kind.scale, alpha)
    return rules


def _models(cases: Sequence[Observed], scale: Scale, alpha: float) -> dict[str, QualityModel]:
    """The estimates by structure, of those with enough cases."""
    measured: dict[str, list[Mapping[str, float]]] = {}
    qualities: dict[str, list[float]] = {}
    for case in sorted(cases, key=lambda case: case.case):
        for part in case.parts:
            if part.quality is not None:
                measured.setdefault(part.name, []).append(part.measures)
                qualities.setdefault(part.name, []).append(part.quality)
    models = {}
    for name, quality in qualities.items():
        model = fit_quality(measured[name], np.array(quality), scale, alpha)
        if model:
            models[name] = model
    return models
