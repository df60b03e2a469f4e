"""Looks in a run for what goes wrong in this field.

Each finding says what is wrong, why it matters, and what to do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from tfuq.runs import Run, results
from tfuq.workflows.doctor.cases import (
    calibrated_on_test_cases,
    calibrated_on_validation_cases,
    calibration_is_degenerate,
    cases_do_not_fit,
    split_is_refused,
)
from tfuq.workflows.doctor.finding import Finding
from tfuq.workflows.doctor.members import MEMBER_CHECKS
from tfuq.workflows.doctor.network import network_findings
from tfuq.workflows.doctor.predictions import cases_are_missing
from tfuq.workflows.doctor.tasks import CHECKS

__all__ = ["Finding", "examine", "prediction_findings"]

_log = logging.getLogger(__name__)


def examine(run: Run) -> Iterator[Finding]:
    """Run all checks, the quick ones first.

    Args:
        run: The run to examine.

    Yields:
        Every finding.

    Raises:
        RunError: The run is damaged.
        DataError: A prediction cannot be read.
    """
    for check in MEMBER_CHECKS:
        yield from check(run)
    yield from calibration_is_degenerate(run)
    split_findings = list(split_is_refused(run))
    yield from split_findings
    if not split_findings:
        yield from _case_findings(run)
    _log.info("checking predictions")
    yield from prediction_findings(run)
    _log.info("asking the network")
    yield from network_findings(run)


def _case_findings(run: Run) -> Iterator[Finding]:
    yield from calibrated_on_test_cases(run)
    yield from calibrated_on_validation_cases(run)
    yield from cases_do_not_fit(run)


def prediction_findings(run: Run) -> Iterator[Finding]:
    """Check every predictions folder of a run."""
    check = CHECKS[run.config.task].predictions
    for path in sorted((run.path / "predictions").glob(f"*/{results.MANIFEST}")):
        manifest = results.read_manifest(path.parent)
        yield from cases_are_missing(path.parent, manifest)
        yield from check(run, path.parent, manifest)
