"""What a calibration promises of a review, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfuq.calibration.observed import in_measure

if TYPE_CHECKING:
    from tfuq.calibration.referral import Referral
    from tfuq.calibration.review import ReviewRules


def review_lines(rules: ReviewRules | None) -> Iterator[str]:
    """What a review can say and promise.

    Args:
        rules: of the calibration; None where nobody said what a bad case is.
    """
    if rules is None:
        yield (
            "review: no rule of referral, as errors are in pixels and no limit was given; "
            "give one as in tfuq calibrate --quality radial-error:10"
        )
        return
    for name, model in rules.models.items():
        yield (
            f"review: {name}: estimated from {len(model.measures)} measures, mean absolute error "
            f"{model.error:.3g}, cross-fitted on {model.cases} cases"
        )
    yield f"review: {promise_text(rules)}"


def bad_text(rules: ReviewRules) -> str:
    """What a bad case is."""
    if rules.errors is not None or rules.quality == "wrong-class":
        return "a wrong class"
    if rules.quality == "dice":
        return f"a {rules.aggregation} Dice below {rules.limit:g}"
    return f"a {rules.aggregation} radial error of {rules.limit:g} {rules.unit} or more"


def promise_text(rules: ReviewRules) -> str:
    """What the rule of referral promises."""
    rule = rules.referral
    seen = f"{rule.bad} of {rule.cases} calibration cases have {bad_text(rules)}"
    if rule.outcome == "too few cases":
        return (
            f"no rule of referral: at most {rule.alpha:g} of the kept cases bad, with confidence "
            f"{1 - rule.delta:g}, needs {rule.needed} calibration cases even if none is bad, and "
            f"there are {rule.cases}"
        )
    if rule.outcome == "refers all":
        return f"every case is referred: no threshold keeps the promise ({seen})"
    promise = (
        f"with confidence {1 - rule.delta:g}, at most {rule.alpha:g} of the kept cases have "
        f"{bad_text(rules)}"
    )
    return f"{_kept_text(rules, rule)}; {promise} ({seen})"


def _kept_text(rules: ReviewRules, rule: Referral) -> str:
    if rule.threshold is None:
        return (
            "every case is kept, however uncertain (a smaller --alpha of tfuq calibrate sets a "
            "threshold)"
        )
    limit = in_measure(rules.measure, rule.threshold)
    return (
        f"cases with a {rules.case_measure} {rules.certain_side} {limit:.4g} are kept, "
        f"{rule.kept} of {rule.cases} calibration cases, {rule.kept_bad} of them bad"
    )
