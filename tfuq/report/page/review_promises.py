"""What a review promised of cases that were scored: its rule of referral, and its estimates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from tfuq.calibration.quality import QualityModel
from tfuq.calibration.quality_kinds import KINDS, is_bad
from tfuq.calibration.records import calibration_path, load_calibration
from tfuq.calibration.review import ReviewRules
from tfuq.report.page.promises import Promise, promise_of
from tfuq.report.page.reviewed import Reviewed
from tfuq.report.page.source import Rows, Source
from tfuq.scoring.coverage import realized
from tfuq.scoring.review_lines import bad_text
from tfuq.scoring.rows import rows_of

_TAIL = 0.025  # of the shares that a true promise gives, beyond the band
_REFER = "refer"
_COLUMNS = {"dice": "dice", "wrong-class": "accuracy"}  # by name of the quality
_WHOLE = "all"


def review_promises(source: Source, review: Reviewed) -> Iterator[Promise]:
    """The rule of referral and the bounds of the estimates, where the cases are scored.

    Args:
        source: Score folder or predictions of a method.
        review: Of its predictions.

    Raises:
        RunError: The calibration is damaged.
    """
    rules = _rules(source)
    if rules is None or not source.has_scores:
        return
    qualities = _Qualities(source, rules)
    if review.summary["referral"]:
        yield from _referral(source, review, rules, qualities)
    if review.estimated and review.bound:
        for name, model in rules.models.items():
            rows = rows_of(review.rows, "structure", name)
            yield from _estimate(source, review, rows, (rules, model), qualities)


def _rules(source: Source) -> ReviewRules | None:
    if source.run is None:
        return None
    path = calibration_path(source.run, source.summary["method"])
    if not path.is_file():
        return None
    return load_calibration(path).review


class _Qualities:
    """The quality of structures and cases, as scored."""

    def __init__(self, source: Source, rules: ReviewRules) -> None:
        self._rules = rules
        self._kind = KINDS[rules.quality]
        column = _COLUMNS.get(rules.quality)
        if column is None:
            column = {"mm": "radial_error_mm"}.get(rules.unit, "radial_error_px")
        data = source.present_run.config.data
        self._counted = {*data.classes[1:], *data.landmarks, _WHOLE}
        self._by_case: dict[str, dict[str, float]] = {}
        for row in source.parts or source.cases:
            value = row.get(column)
            if value is not None:
                parts = self._by_case.setdefault(str(row["case"]), {})
                parts[str(row["class"])] = self._oriented(float(value))

    def _oriented(self, value: float) -> float:
        """1 of a wrong class; other qualities as they are."""
        if self._kind.scale is None:
            return 1 - value
        return value

    def of(self, case_id: str, part: str) -> float | None:
        """The quality of a structure; None where it has none."""
        return self._by_case.get(case_id, {}).get(part)

    def is_bad(self, case_id: str) -> bool | None:
        """Whether a case is bad; None where it has no quality."""
        parts = self._by_case.get(case_id, {})
        values = [value for name, value in parts.items() if name in self._counted]
        if not values:
            return None
        if self._rules.aggregation == "mean":
            quality = float(np.mean(values))
        elif self._kind.scale == "dice":
            quality = min(values)
        else:
            quality = max(values)
        return is_bad(quality, self._kind, self._rules.limit)

    def is_within(self, quality: float, bound: float) -> bool:
        """Whether a quality is as good as its bound says."""
        if self._kind.scale == "dice":
            return quality >= bound
        return quality <= bound

    @property
    def bound_text(self) -> str:
        """What a bound says."""
        if self._kind.scale == "dice":
            return f"{self._kind.title} is at least its bound"
        return f"{self._kind.title} is at most its bound"


def _referral(
    source: Source,
    review: Reviewed,
    rules: ReviewRules,
    qualities: _Qualities,
) -> Iterator[Promise]:
    rule = rules.referral
    kept = []
    referred = 0
    for case_id in review.by_case:
        bad = qualities.is_bad(case_id)
        if bad is None:
            continue
        if review.decision(case_id) == _REFER:
            referred += 1
        else:
            kept.append(bad)
    if not kept:
        return
    share = sum(kept) / len(kept)
    low, high = stats.binomtest(sum(kept), len(kept)).proportion_ci(1 - 2 * _TAIL)
    most = float(stats.binom.ppf(1 - _TAIL, len(kept), rule.alpha)) / len(kept)
    outside = None
    if share > most:
        outside = "above"
    yield Promise(
        method=source.name,
        text=f"cases kept by the rule of referral that have {bad_text(rules)}",
        promised=f"at most {rule.alpha:.3g}, with confidence {1 - rule.delta:.3g}",
        seen=share,
        interval=[float(low), float(high)],
        band=[0.0, most],
        calibrated_on=rule.cases,
        cases=len(kept),
        outside=outside,
        is_broken=outside is not None,
        size=f"{referred} of {referred + len(kept)} cases referred",
    )


def _estimate(
    source: Source,
    review: Reviewed,
    rows: Rows,
    calibrated: tuple[ReviewRules, QualityModel],
    qualities: _Qualities,
) -> Iterator[Promise]:
    """The bound of the estimates of one structure."""
    rules, model = calibrated
    held = []
    errors = []
    for row in rows:
        quality = qualities.of(str(row["case"]), str(row["structure"]))
        bound = row.get(review.bound or "")
        estimate = row.get(review.estimated or "")
        if quality is None or bound is None or estimate is None:
            continue
        held.append(qualities.is_within(quality, float(bound)))
        errors.append(abs(quality - float(estimate)))
    if held:
        seen = realized(np.array(held), 1 - rules.referral.alpha, model.bound_cases)
        text = f"{rows[0]['structure']}: {qualities.bound_text}"
        size = (
            f"estimates off by {np.mean(errors):.3g} on average, {model.error:.3g} in calibration"
        )
        yield promise_of(source.name, text, seen, size=size)
