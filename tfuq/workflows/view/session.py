"""A session: what the page may ask for, and what it writes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress

from tfuq.errors import DataError, TfuqError, is_one_line
from tfuq.runs.missing import missing_sentence
from tfuq.workflows.view.decisions import (
    VERDICTS,
    WHOLE_CASE,
    Decided,
    Decision,
    DecisionLog,
    now,
)
from tfuq.workflows.view.ranking import Ranked, RankedCase, described_measure
from tfuq.workflows.view.targets import Target
from tfuq.workflows.view.tasks import VIEWED, Content, Viewed
from tfuq.workflows.view.tasks.base import VOXELS_AT_FIRST, Json


class Session:
    """The cases of a target, and the decisions on them."""

    def __init__(self, target: Target, reviewer: str = "") -> None:
        """Rank the cases, and read the decisions.

        Args:
            target: what is looked at.
            reviewer: who decides; empty if nobody says so.

        Raises:
            DataError: the reviewer's name is not one line, as decisions must be.
            RunError: a file of the predictions, the review or the decisions is damaged.
        """
        if not is_one_line(reviewer):
            raise DataError(
                f"--reviewer {reviewer!r}: has line ends or other control characters; "
                "give a name on one line"
            )
        self._target = target
        self._reviewer = reviewer
        self._ranked = Ranked(target)
        self._ranking = self._ranked.ranking()
        self._viewed: Viewed = VIEWED[target.run.config.task](target, self._ranked)
        self._order = [ranked.case for ranked in self._ranking.cases]
        self.log = DecisionLog(target.review)

    def cases(self) -> Json:
        """The list, with what is decided by now."""
        decided, unread = self.log.read()
        manifest = self._target.manifest
        return {
            "title": str(self._target.predictions),
            "kind": self._viewed.kind,
            "method": manifest.method,
            "samples": manifest.samples,
            "orderedBy": described_measure(self._ranking.measure),
            "promise": self._ranking.promise,
            "missing": missing_sentence(manifest),
            "structures": self._viewed.structures,
            "voxelsAtFirst": VOXELS_AT_FIRST,
            "verdicts": list(VERDICTS),
            "whole": WHOLE_CASE,
            "decisions": str(self.log.path),
            "unreadLines": unread,
            "cases": self._listed(decided),
        }

    def _listed(self, decided: Decided) -> list[Json]:
        by_case: dict[str, dict[str, Decision]] = {}
        for (case, structure), decision in decided.items():
            by_case.setdefault(case, {})[structure] = decision
        return [self._entry(ranked, by_case.get(ranked.case, {})) for ranked in self._ranking.cases]

    def _entry(self, ranked: RankedCase, decided: Mapping[str, Decision]) -> Json:
        decisions = {}
        if decided:
            key = self._ranked.key(ranked.case)
            for structure, decision in decided.items():
                decisions[structure] = _shown(decision, key)
        return {
            "case": ranked.case,
            "referral": ranked.referral,
            "value": ranked.value,
            "reasons": list(ranked.reasons.values()),
            "decisions": decisions,
        }

    def detail(self, case: str) -> Json:
        """What the page needs to open a case.

        Raises:
            TfuqError: there is no such case, or its files are damaged.
        """
        return self._viewed.detail(self._known(case))

    def places(self, case: str) -> list[Json]:
        """Where a case is least certain; errors as of `detail`."""
        return self._viewed.places(self._known(case))

    def content(self, case: str, query: Mapping[str, str]) -> Content:
        """A file of a case; errors as of `detail`."""
        return self._viewed.content(self._known(case), query)

    def decide(self, case: str, structure: str, verdict: str, note: str) -> Json:
        """Write a decision.

        Args:
            case: its id.
            structure: its name, or the whole case.
            verdict: one of those that there are.
            note: one line of text.

        Returns:
            It, as the list has it.

        Raises:
            DataError: something of it is unknown, or cannot be written in a line.
            TfuqError: the file cannot be written.
        """
        if structure not in (WHOLE_CASE, *self._viewed.structures):
            raise DataError(f"structure: there is no '{structure:.80}'; open the page anew")
        key = self._ranked.key(self._known(case))
        try:
            decision = Decision(
                case=case,
                structure=structure,
                decision=verdict,
                note=note,
                time=now(),
                reviewer=self._reviewer,
                prediction=key,
            )
        except ValueError as error:
            raise DataError(f"decision: {error}; change it") from error
        self.log.add(decision)
        return _shown(decision, key)

    def prepare(self, case: str | None = None) -> None:
        """Read what the case after another one is opened with, in the background.

        Args:
            case: the one that is looked at; None for the first of the list.
        """
        number = 0
        if case is not None:
            number = self._order.index(case) + 1
        if number < len(self._order):
            arguments = (self._order[number],)
            threading.Thread(target=self._read_ahead, args=arguments, daemon=True).start()

    def _read_ahead(self, case: str) -> None:
        with suppress(TfuqError, OSError):  # what is asked for later says what is wrong
            self._viewed.prepare(case)

    def _known(self, case: str) -> str:
        if case not in self._target.manifest.cases:
            raise DataError(f"case: there is no '{case:.80}'; open the page anew")
        return case


def _shown(decision: Decision, key: str) -> Json:
    """A decision as the list has it; an earlier one may be of another prediction."""
    return {
        "decision": decision.decision,
        "note": decision.note,
        "time": decision.time,
        "reviewer": decision.reviewer,
        "isCurrent": decision.prediction == key,
    }
