"""The share of cases that a review would refer, at every severity of a shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.calibration.observed import Observed, case_uncertainty
from tfuq.calibration.records import Calibration
from tfuq.data.cases import Case
from tfuq.runs import Run
from tfuq.runs.results import Manifest
from tfuq.scoring.rows import Row
from tfuq.workflows.review import calibration_for
from tfuq.workflows.shift.stored import read_observed


@dataclass(frozen=True, kw_only=True)
class Referred:
    """What the rule of a calibration does at a severity.

    Attributes:
        cases: on which nothing was calibrated.
        referred: how many of them are referred.
    """

    cases: int
    referred: int

    @property
    def row(self) -> Row:
        """Columns of the table of the shift."""
        return {"referred_share": self.referred / self.cases, "referred_of": self.cases}


def referred_cases(
    run: Run,
    manifest: Manifest,
    cases: Sequence[Case],
    folders: Mapping[float, Path],
) -> dict[float, Referred]:
    """What the rule of referral does with the cases of each severity.

    The rule looks at measures of uncertainty alone: images are perturbed after preprocessing, so
    that nothing is said of voxel sizes and intensities, by which a review refers, too.

    Args:
        run: that was studied.
        manifest: how its samples are made.
        cases: that were measured. Those that the calibration was made of are left out.
        folders: of each severity.

    Returns:
        By severity; nothing where the run has no rule for these samples, or an earlier version
        measured the severity.

    Raises:
        RunError: a file of the calibration or of a severity is damaged.
    """
    calibration, problem = calibration_for(run, manifest)
    if calibration is None or problem is not None:
        return {}
    fresh = {case.id for case in cases if not calibration.holds(case)}
    shares = {}
    for severity, folder in folders.items():
        observed = [case for case in read_observed(folder) if case.case in fresh]
        if observed:
            shares[severity] = _referred(calibration, observed)
    return shares


def _referred(calibration: Calibration, observed: Sequence[Observed]) -> Referred:
    rules = calibration.review
    count = 0
    for case in observed:
        if rules and rules.referral.refers(
            case_uncertainty(case, rules.measure, rules.aggregation)
        ):
            count += 1
    return Referred(cases=len(observed), referred=count)
