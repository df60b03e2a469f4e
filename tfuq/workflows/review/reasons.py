"""Why a case is referred or kept, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tfuq.calibration.observed import Observed, case_uncertainty, in_measure
from tfuq.calibration.quality import Estimate
from tfuq.calibration.quality_kinds import QualityKind
from tfuq.calibration.review import ReviewRules

REFER = "refer"
KEEP = "keep"
LIKENESS_UNKNOWN = "its image cannot be read, so nobody knows whether it is like the training data"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do with a case.

    Attributes:
        text: `REFER` or `KEEP`; None where nothing is promised.
        reasons: in words, of the case as a whole.
    """

    text: str | None
    reasons: tuple[str, ...]


def decide(case: Observed, rules: ReviewRules | None) -> Decision:
    """What to do with a case, and why.

    Args:
        case: as it was predicted.
        rules: None without a calibration.
    """
    reasons = []
    if case.unlike:
        reasons.append(f"unlike the training data: {', '.join(case.unlike)}")
    if rules is None:
        return Decision(text=None, reasons=tuple(reasons))
    uncertainty = case_uncertainty(case, rules.measure, rules.aggregation)
    refers = rules.referral.refers(uncertainty)
    if refers is None:
        return Decision(text=None, reasons=tuple(reasons))
    if rules.referral.outcome == "refers all":
        reasons.append(
            "no threshold of the calibration keeps the promise, so every case is referred"
        )
    elif rules.referral.threshold is not None and not case.unlike:
        reasons.append(_beside_threshold(rules, uncertainty, rules.referral.threshold))
    text = KEEP
    if refers:
        text = REFER
    return Decision(text=text, reasons=tuple(reasons))


def _beside_threshold(rules: ReviewRules, uncertainty: float, threshold: float) -> str:
    noun = rules.case_measure
    if uncertainty == float("inf"):
        return f"{noun} is not defined"
    value = in_measure(rules.measure, uncertainty)
    limit = in_measure(rules.measure, threshold)
    relation = rules.certain_side
    if uncertainty >= threshold:
        relation = f"not {relation}"
    return f"{noun} {value:.4g} is {relation} {limit:.4g}"


def estimate_text(estimate: Estimate | None, kind: QualityKind, unit: str) -> Iterator[str]:
    """What is expected of a structure."""
    if estimate is None:
        return
    if kind.scale is None:
        yield f"wrong with a probability of {estimate.expected:.2g}"
        return
    suffix = ""
    side = "at least"
    if kind.scale == "error":
        suffix = f" {unit}"
        side = "at most"
    text = f"estimated {kind.title} {estimate.expected:.2f}{suffix}"
    if estimate.bound is not None:
        text += f", {side} {estimate.bound:.2f}{suffix}"
    yield text
