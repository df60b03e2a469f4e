"""The share of cases that a rule of referral refers, at each severity."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.manifests import a_case, a_manifest
from tfuq.calibration.observed import Observed, Part
from tfuq.calibration.referral import fit_referral
from tfuq.calibration.review import ReviewRules
from tfuq.scoring.failure import Cohort
from tfuq.workflows.shift import referral
from tfuq.workflows.shift.measuring import Measured
from tfuq.workflows.shift.stored import Draws, read_observed, write_severity

SEVERITIES = (0.0, 0.5, 1.0)
IDS = [f"case-{number}" for number in range(10)]


def observed(severity):
    """Two structures that count, whose mean entropy is number / 10 + severity, and a region."""
    cases = []
    for number, name in enumerate(IDS):
        parts = []
        for part, offset in (("left", -0.05), ("right", 0.05), ("both", 9.0)):
            entropy = round(number / 10 + severity + offset, 4)
            parts.append(Part(name=part, measures={"mean_entropy": entropy}, counts=offset < 1))
        cases.append(Observed(case=name, parts=parts))
    return cases


@pytest.fixture
def folders(tmp_path):
    written = {}
    for severity in SEVERITIES:
        folder = tmp_path / f"{severity:g}"
        folder.mkdir()
        cohort = Cohort(
            level="case",
            risk=np.zeros(10),
            failed=np.zeros(10, bool),
            cases=np.array(IDS),
            confidences={},
        )
        measured = Measured(
            rows=[{"case": name} for name in IDS],
            scores={},
            cohort=cohort,
            example={},
            observed=observed(severity),
        )
        write_severity(folder, severity, Draws.of(a_manifest(), IDS), measured)
        written[severity] = folder
    return written


@pytest.fixture
def rules():
    """Of 200 calibration cases, those of an uncertainty of 0.8 or more are bad."""
    uncertainty = np.linspace(0, 2, 200)
    return ReviewRules(
        quality="dice",
        limit=0.8,
        unit="1",
        aggregation="mean",
        measure="mean_entropy",
        referral=fit_referral(uncertainty, uncertainty >= 0.8, 0.1, 0.1),
    )


def test_cases_are_read_back_as_they_were_measured(folders):
    assert read_observed(folders[0.5]) == observed(0.5)


def test_the_share_rises_with_severity_and_leaves_calibration_cases_out(
    folders, rules, monkeypatch, tmp_path
):
    calibration = SimpleNamespace(review=rules, holds=lambda case: case.id in IDS[:2])
    monkeypatch.setattr(referral, "calibration_for", lambda run, manifest: (calibration, None))
    cases = [a_case(tmp_path, name) for name in IDS]
    shares = referral.referred_cases(None, a_manifest(), cases, folders)
    threshold = rules.referral.threshold
    for severity in SEVERITIES:
        expected = sum(number / 10 + severity >= threshold for number in range(2, 10))
        assert shares[severity].cases == 8
        assert shares[severity].referred == expected
        assert shares[severity].row == {"referred_share": expected / 8, "referred_of": 8}
    counts = [shares[severity].referred for severity in SEVERITIES]
    assert counts[0] < counts[1] < counts[2]


def test_nothing_is_told_without_a_rule_or_what_it_takes(folders, rules, monkeypatch, tmp_path):
    cases = [a_case(tmp_path, name) for name in IDS]
    monkeypatch.setattr(referral, "calibration_for", lambda run, manifest: (None, "why"))
    assert referral.referred_cases(None, a_manifest(), cases, folders) == {}
    calibration = SimpleNamespace(review=rules, holds=lambda case: False)
    monkeypatch.setattr(referral, "calibration_for", lambda run, manifest: (calibration, None))
    (folders[0.5] / "parts.csv").unlink()
    shares = referral.referred_cases(None, a_manifest(), cases, folders)
    assert sorted(shares) == [0.0, 1.0], "an earlier version measured the other"
