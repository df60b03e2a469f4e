"""The list of cases, the least certain first: of a review, or ranked as a review ranks them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfuq.calibration.observed import Observed, Part, case_uncertainty, in_measure
from tfuq.calibration.review import chosen_measure
from tfuq.data.json_csv import read_json, read_table
from tfuq.measures.catalogue import MEASURES, unit_of_all
from tfuq.runs.results import Manifest
from tfuq.workflows.review import SUMMARY, TABLE
from tfuq.workflows.review.tasks import REVIEWED, Reviewed
from tfuq.workflows.view.targets import Target

_REMEDY = "run tfuq review again"
_NO_PROMISE = "Nothing is promised: there is no review with a calibration. Cases are ranked only."


@dataclass(frozen=True, kw_only=True)
class RankedCase:
    """A case of the list.

    Attributes:
        case: its id.
        referral: refer, keep, or empty where no rule decided.
        value: of the measure that cases are ordered by; None where it is missing.
        reasons: why, by structure, where the review says so.
    """

    case: str
    referral: str = ""
    value: float | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The cases of predictions.

    Attributes:
        cases: the least certain first.
        measure: that they are ordered by.
        promise: what is promised of the cases that are kept, or why nothing is.
    """

    cases: Sequence[RankedCase]
    measure: str
    promise: str


class Ranked:
    """The predictions of a target, as their task's review reads them."""

    def __init__(self, target: Target) -> None:
        """Open the predictions.

        Args:
            target: what is looked at.

        Raises:
            RunError: they cannot be read.
        """
        self._target = target
        self._source: Reviewed = REVIEWED[target.run.config.task](
            target.predictions, target.run.config, target.manifest
        )

    @property
    def source(self) -> Reviewed:
        """The predictions."""
        return self._source

    def key(self, case: str) -> str:
        """Tells the prediction of a case, as decisions have it."""
        return self._source.decision_key(case)

    def ranking(self) -> Ranking:
        """The list.

        Cases that a review does not have follow those that it has.

        Raises:
            RunError: a table is damaged.
        """
        if not self._target.has_review:
            measure, cases = self._by_measure(self._target.manifest)
            return Ranking(cases=cases, measure=measure, promise=_NO_PROMISE)
        summary = read_json(self._target.review / SUMMARY, dict[str, object], _REMEDY)
        reviewed = self._of_review()
        rest = sorted(set(self._target.manifest.cases) - reviewed.keys())
        promise = summary.get("promise") or summary.get("why_no_promise") or _NO_PROMISE
        return Ranking(
            cases=[*reviewed.values(), *(RankedCase(case=case) for case in rest)],
            measure=str(summary.get("ordered_by", "")),
            promise=str(promise),
        )

    def _of_review(self) -> dict[str, RankedCase]:
        """The cases of ``review.csv`` that were predicted, in its order."""
        rows = read_table(
            self._target.review / TABLE, ("case", "structure", "decision", "reason"), _REMEDY
        )
        reasons: dict[str, dict[str, str]] = {}
        referrals = {}
        for row in rows:
            if row["case"] in self._target.manifest.cases:
                reasons.setdefault(row["case"], {})[row["structure"]] = row["reason"]
                referrals[row["case"]] = row["decision"]
        return {
            case: RankedCase(case=case, referral=referrals[case], reasons=texts)
            for case, texts in reasons.items()
        }

    def _by_measure(self, manifest: Manifest) -> tuple[str, list[RankedCase]]:
        """Ranked by the first measure of the task's quality."""
        first = min(manifest.cases)
        observed = Observed(case=first, parts=self._source.parts(first))
        measure = chosen_measure(None, self._source.quality, [observed])
        uncertain = []
        for case in manifest.cases:
            uncertainty = self._uncertainty(self._source.parts(case), case, measure)
            uncertain.append((-uncertainty, case))
        return measure, [_ranked(measure, -order, case) for order, case in sorted(uncertain)]

    @staticmethod
    def _uncertainty(parts: Sequence[Part], case: str, measure: str) -> float:
        return case_uncertainty(Observed(case=case, parts=parts), measure, "mean")


def _ranked(measure: str, uncertainty: float, case: str) -> RankedCase:
    if not math.isfinite(uncertainty):
        return RankedCase(case=case)
    return RankedCase(case=case, value=in_measure(measure, uncertainty))


def described_measure(name: str) -> dict[str, str]:
    """A measure in plain words: its title, its unit, and which way is less certain.

    Args:
        name: as tables have it.
    """
    measure = MEASURES.get(name)
    if measure is None:
        return {"name": name, "title": name.replace("_", " "), "unit": "", "better": ""}
    better = ""
    if measure.orientation == "less certain":
        better = "lower is more certain"
    elif measure.orientation == "more certain":
        better = "higher is more certain"
    unit = (unit_of_all(name) or "").replace("1", "")
    return {"name": name, "title": measure.title, "unit": unit, "better": better}
