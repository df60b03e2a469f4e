"""The rows of ``review.csv``."""

from __future__ import annotations

from collections.abc import Mapping

from tfuq.calibration.observed import Observed, Part, uncertainty_of
from tfuq.calibration.quality import Estimate
from tfuq.calibration.quality_kinds import QualityKind
from tfuq.calibration.review import ReviewRules
from tfuq.scoring.rows import Row
from tfuq.workflows.review.reasons import Decision, decide, estimate_text
from tfuq.workflows.review.tasks import PartPlace


def review_rows(
    case: Observed,
    kind: QualityKind,
    measure: str,
    places: Mapping[str, PartPlace],
    *,
    rules: ReviewRules | None,
    unit: str,
) -> list[Row]:
    """The rows of a case, the least certain structure first.

    Args:
        case: as it was predicted.
        kind: what its quality is.
        measure: that orders its structures where nothing is estimated.
        places: where each structure is least certain.
        rules: None without a calibration.
        unit: of the quality.
    """
    decision = decide(case, rules)
    numbered = []
    for part in case.parts:
        estimate = None
        if rules:
            estimate = rules.estimate(part)
        row = _row(case, part, kind, places[part.name], decision, estimate, unit)
        numbered.append((_order(part, kind, estimate, measure), row))
    numbered.sort(key=lambda pair: pair[0])
    return [row for _, row in numbered]


def _order(
    part: Part,
    kind: QualityKind,
    estimate: Estimate | None,
    measure: str,
) -> float:
    """Less of the structures that are less certain."""
    if estimate is None:
        return -uncertainty_of(part, measure)
    if kind.scale == "dice":
        return estimate.expected
    return -estimate.expected


def _row(
    case: Observed,
    part: Part,
    kind: QualityKind,
    place: PartPlace,
    decision: Decision,
    estimate: Estimate | None,
    unit: str,
) -> Row:
    details = [place.words, *estimate_text(estimate, kind, unit)]
    reason = "; ".join([f"{part.name}: {details[0]}", *details[1:], *decision.reasons])
    return {
        "case": case.case,
        "structure": part.name,
        "decision": decision.text,
        "reason": reason,
        **_estimate_columns(estimate, kind, unit),
        **place.columns,
        "unlike_training": "; ".join(case.unlike),
        **part.measures,
    }


def _estimate_columns(estimate: Estimate | None, kind: QualityKind, unit: str) -> Row:
    if estimate is None:
        return {}
    name = kind.name.replace("-", "_")
    suffix = ""
    side = "at_least"
    if kind.scale == "error":
        suffix = {"mm": "_mm"}.get(unit, "_px")
        side = "at_most"
    columns: Row = {
        f"estimated_{name}{suffix}": estimate.expected,
        f"estimated_{name}_lower{suffix}": estimate.lower,
        f"estimated_{name}_upper{suffix}": estimate.upper,
    }
    if kind.scale:
        columns[f"{name}_{side}{suffix}"] = estimate.bound
    return columns
