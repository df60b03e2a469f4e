"""The first part of the page: what was promised and seen, scores, measures, and the review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfuq.report.page.cases import Cases
from tfuq.report.page.content import (
    class_comparisons,
    findings,
    missing_findings,
    promise_findings,
    value_text,
)
from tfuq.report.page.method_tables import (
    MethodTable,
    class_table,
    difference_table,
    lesion_table,
    measure_table,
    score_table,
)
from tfuq.report.page.names import name_of
from tfuq.report.page.promises import Promise, conformal_promises
from tfuq.report.page.review_promises import review_promises
from tfuq.report.page.reviewed import Reviewed, review_of
from tfuq.report.page.source import Source, by_name
from tfuq.scoring.comparison import BOLD, DIFFERENCES, UNBIASED, Comparison, comparable_means
from tfuq.scoring.rows import mean_of

_MOST_PROMISES = 60  # that are listed
_MOST_RANKED = 60  # cases of a review that are listed
ARROWS = "↑ higher is better, ↓ lower is better, → 0 nearer zero is better."
CERTAINTY = "↑ a higher value is less certain, ↓ a lower value is less certain."


@dataclass(frozen=True, kw_only=True)
class ClassTables:
    """The tables of one class or landmark."""

    name: str
    tables: list[MethodTable]


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A case of a review: what to do, what is expected of its worst structure, and why."""

    case: str
    decision: str
    expected: str
    reasons: list[str]


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The review of a method's predictions, the least certain case first.

    Attributes:
        method: Whose predictions they are.
        summary: What ``review.json`` says.
        expected: What is estimated; None without a calibration.
        cases: The first of them.
        left_out: How many more there are.
    """

    method: str
    summary: Mapping[str, Any]
    expected: str | None
    cases: list[Ranked]
    left_out: int


def compared(sources: list[Source], cases: Cases) -> dict[str, Any]:
    """What the template says of all methods together.

    Args:
        sources: The folders of the report.
        cases: Of the report.
    """
    scored = [source for source in sources if source.has_scores]
    comparisons = class_comparisons(scored, cases.ids)
    headings = by_name(sources, lambda source: source.heading)
    tables: list[MethodTable | None] = []
    whole = comparisons.get("all")
    if whole:
        tables += _score_tables(f"over {len(cases.ids)} cases", whole, headings)
    tables.append(_measures(sources, cases, whole, headings))
    classes = {name: comparison for name, comparison in comparisons.items() if name != "all"}
    return {
        "findings": [
            *missing_findings(sources),
            *findings(cases),
            *promise_findings(scored),
        ],
        "score_tables": list(filter(None, tables)),
        "class_overview": _class_overview(cases, classes, headings, _noun(sources)),
        "class_tables": list(_class_tables(classes, headings)),
        "unscored": [source for source in sources if not source.has_scores],
    }


def _score_tables(
    suffix: str,
    comparison: Comparison,
    headings: Mapping[str, str],
) -> list[MethodTable | None]:
    is_compared = len(comparison.methods) > 1
    notes = [ARROWS]
    if is_compared:
        notes.append(BOLD)
    caption = f"Scores: mean ± standard deviation {suffix}"
    tables: list[MethodTable | None] = [
        score_table(caption, comparison, headings, notes),
        lesion_table(f"Detection of lesions {suffix}", comparison, headings),
    ]
    if is_compared:
        caption = f"Differences from the best mean {suffix}"
        tables.append(difference_table(caption, comparison, headings, [DIFFERENCES]))
    return tables


def _measures(
    sources: list[Source],
    cases: Cases,
    whole: Comparison | None,
    headings: Mapping[str, str],
) -> MethodTable | None:
    """The measures of uncertainty of all methods, scored or not."""
    caption = f"Measures of uncertainty: mean over {len(cases.ids)} cases"
    if whole and len(whole.methods) == len(sources):
        notes = [CERTAINTY, UNBIASED, *whole.caveats()]
        return measure_table(caption, whole.measures, headings, notes)
    means = {}
    for name, columns in cases.methods.items():
        means[name] = {measure: mean_of(column) for measure, column in columns.measures.items()}
    measures = comparable_means(means, by_name(sources, lambda source: source.samples))
    return measure_table(caption, measures, headings, [CERTAINTY, UNBIASED])


def _class_overview(
    cases: Cases,
    classes: Mapping[str, Comparison],
    headings: Mapping[str, str],
    noun: str,
) -> MethodTable | None:
    if cases.quality is None:
        return None
    name = name_of(cases.quality.name)
    title = str(name)
    caption = f"{title[0].upper()}{title[1:]} by {noun}: mean ± standard deviation, {name.meaning}"
    return class_table(caption, classes, cases.quality.name, headings, noun)


def _noun(sources: list[Source]) -> str:
    """What scores are of beside whole cases."""
    run = sources[0].run
    if run and run.config.data.landmarks:
        return "landmark"
    return "class"


def _class_tables(
    classes: Mapping[str, Comparison],
    headings: Mapping[str, str],
) -> Iterator[ClassTables]:
    for name, comparison in classes.items():
        tables = _score_tables(f"of {name}", comparison, headings)
        caption = f"Measures of uncertainty of {name}: mean over cases"
        tables.append(measure_table(caption, comparison.measures, headings, [CERTAINTY]))
        yield ClassTables(name=name, tables=list(filter(None, tables)))


def promised(sources: list[Source]) -> dict[str, Any]:
    """What the template says of promises, and of reviews.

    Args:
        sources: The folders of the report.

    Raises:
        RunError: A review or a calibration is damaged.
    """
    promises: list[Promise] = []
    rankings = []
    for source in sources:
        promises += conformal_promises(source)
        review = review_of(source)
        if review:
            promises += review_promises(source, review)
            rankings.append(_ranking(source, review))
    return {
        "promises": sorted(promises, key=_is_in_order)[:_MOST_PROMISES],
        "promises_left_out": max(len(promises) - _MOST_PROMISES, 0),
        "promises_kept": _kept_text(promises),
        "rankings": rankings,
    }


def _is_in_order(promise: Promise) -> bool:
    """Whether a promise was kept, as those that were not come first."""
    return not promise.is_broken


def _kept_text(promises: list[Promise]) -> str | None:
    judged = [promise for promise in promises if promise.band is not None]
    if not judged:
        return None
    kept = [promise for promise in judged if not promise.is_broken]
    return f"{len(kept)} of {len(judged)} promises were kept, as far as the numbers of cases tell."


def _ranking(source: Source, review: Reviewed) -> Ranking:
    ids = list(review.by_case)
    cases = []
    for case_id in ids[:_MOST_RANKED]:
        rows = review.by_case[case_id]
        cases.append(
            Ranked(
                case=case_id,
                decision=review.decision(case_id) or "–",
                expected=_expected(review, rows[0]),
                reasons=review.reasons(case_id),
            )
        )
    title = None
    if review.estimated:
        title = review.estimated.replace("_", " ")
    return Ranking(
        method=source.heading,
        summary=review.summary,
        expected=title,
        cases=cases,
        left_out=max(len(ids) - _MOST_RANKED, 0),
    )


def _expected(review: Reviewed, row: Mapping[str, Any]) -> str:
    """The estimate of a structure with its bound."""
    value = row.get(review.estimated or "")
    bound = row.get(review.bound or "")
    text = value_text(value)
    if bound is not None and review.bound:
        side = "at least"
        if "at_most" in review.bound:
            side = "at most"
        text = f"{text} ({side} {bound:.4g})"
    return text
