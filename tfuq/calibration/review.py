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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfuq.calibration.error_probability import ErrorProbability, fit_error_probability
from tfuq.calibration.observed import (
    Observed,
    Part,
    case_quality,
    case_uncertainty,
    uncertainty_of,
)
from tfuq.calibration.quality import Estimate, QualityModel, Scale, fit_quality
from tfuq.calibration.quality_kinds import (
    KINDS,
    Aggregation,
    QualityKind,
    is_bad,
    is_limit,
    parse_quality,
)
from tfuq.calibration.referral import Referral, check_delta, fit_referral
from tfuq.errors import DataError, resembling
from tfuq.measures.catalogue import MEASURES


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

    @property
    def case_measure(self) -> str:
        """What cases are ordered by, such as ``mean pairwise Dice``."""
        title = MEASURES[self.measure].title
        if title.startswith(f"{self.aggregation} "):
            return title
        return f"{self.aggregation} {title}"

    @property
    def certain_side(self) -> str:
        """On which side of the threshold a case's measure lies that is kept."""
        if MEASURES[self.measure].orientation == "more certain":
            return "above"
        return "below"

    def is_consistent(self) -> bool:
        """Whether all of it belongs together."""
        kind = KINDS.get(self.quality)
        if kind is None or not is_limit(self.limit, kind) or self.measure not in MEASURES:
            return False
        for model in self.models.values():
            if model.scale != kind.scale or not model.is_consistent():
                return False
        errors_fit = self.errors is None or (kind.scale is None and self.errors.is_consistent())
        return errors_fit and self.referral.is_consistent()

    def estimate(self, part: Part) -> Estimate | None:
        """What is expected of a structure; None where the calibration cases were too few."""
        if self.errors:
            return self.errors.estimate(uncertainty_of(part, self.measure))
        model = self.models.get(part.name)
        if model is None:
            return None
        return model.estimate(part.measures)


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
    if measure is not None and measure not in kind.known_measures:
        raise DataError(
            f"--refer-by {measure}: is no measure of uncertainty of this task"
            f"{resembling(measure, kind.known_measures)}; "
            f"give one such as {kind.measures[0]}, or leave it out"
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
