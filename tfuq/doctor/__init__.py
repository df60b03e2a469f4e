"""What goes wrong in this field, looked for in a run: each finding says what, why it matters, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tfuq.doctor.cases import (
    calibrated_on_test_cases,
    calibrated_on_validation_cases,
    cases_do_not_fit,
    split_is_refused,
)
from tfuq.doctor.finding import Finding
from tfuq.doctor.members import MEMBER_CHECKS
from tfuq.doctor.network import network_findings
from tfuq.doctor.predictions import prediction_findings
from tfuq.runs import Run

__all__ = ["Finding", "examine"]


def examine(run: Run, say: Callable[[str], None]) -> Iterator[Finding]:
    """Every finding of a run, the quick checks first; ``say`` takes lines on what is being looked at.

    Raises:
        RunError: the run is damaged. DataError: a prediction cannot be read.
    """
    for check in MEMBER_CHECKS:
        yield from check(run)
    unread = list(split_is_refused(run))
    yield from unread or _of_cases(run, say)
    say("checking predictions")
    yield from prediction_findings(run)
    say("asking the network")
    yield from network_findings(run)


def _of_cases(run: Run, say: Callable[[str], None]) -> Iterator[Finding]:
    yield from calibrated_on_test_cases(run)
    yield from calibrated_on_validation_cases(run)
    yield from cases_do_not_fit(run, say)
