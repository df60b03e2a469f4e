"""Whether the promises of calibrated predictions were kept."""

import numpy as np
import pytest

from tests.support.promised import calibration_with, manifest_of
from tfuq.calibration.records import Scaling
from tfuq.errors import DataError
from tfuq.runs.results import CaseEntry
from tfuq.scoring.evaluation import promises
from tfuq.scoring.evaluation.promises import (
    checked_calibration,
    kept_radii,
    kept_sets,
    summary_head,
)


@pytest.mark.parametrize(
    ("calibrated", "refused"),
    [(["/d/a.png"], True), (["/d/a.png#7"], True), (["/e/a.png"], False), (["/d/b.png"], False)],
)
def test_a_calibration_case_checks_no_promise(calibrated, refused, monkeypatch):
    calibration = calibration_with(alpha=0.1)
    calibration.cases = {"a": calibrated}
    monkeypatch.setattr(promises, "calibration_of", lambda manifest: calibration)
    manifest = manifest_of()
    manifest.cases["a"] = CaseEntry(images=["/d/a.png"], label=None, seconds={})
    if not refused:
        assert checked_calibration(manifest) is calibration
        return
    with pytest.raises(DataError, match="case 'a': is a calibration case"):
        checked_calibration(manifest)


def test_predictions_of_no_calibration_promise_nothing():
    assert checked_calibration(manifest_of()) is None


def test_sets_hold_the_true_class_as_a_whole_name():
    rows = [
        {"set_lac": "1; 10"},
        {"set_lac": ""},
        {"set_lac": "10"},
        {"set_lac": "0; 1; 10"},
    ]
    calibration = calibration_with(alpha=0.1, sets={"lac": 0.8})
    kept = kept_sets(rows, np.array([1, 1, 1, 1]), ["0", "1", "10"], calibration)["lac"]
    assert (kept["realized"], kept["promised"], kept["n"]) == (0.5, 0.9, 4)
    assert kept["mean_set_size"] == 1.5
    assert (kept["empty"], kept["single"], kept["vacuous"]) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize("row", [{"set_lac": "2"}, {"set_lac": "1;10"}, {}])
def test_a_set_of_other_classes_is_refused(row):
    calibration = calibration_with(alpha=0.1, sets={"lac": 0.8})
    with pytest.raises(DataError, match="does not hold classes of the run"):
        kept_sets([row], np.array([0]), ["0", "1", "10"], calibration)


def test_radii_of_missing_landmarks_do_not_count():
    errors = np.array([[1.0, np.nan], [3.0, np.nan], [2.0, np.nan]])
    radii = np.array([[2.0, 1.0], [2.0, 1.0], [2.0, 1.0]])
    calibration = calibration_with(alpha=0.2, radii={"p": 1.0}, radii_cases={"p": 7})
    kept = kept_radii(errors, radii, np.full(3, 40.0), ["p", "q"], calibration)
    assert list(kept) == ["p"]
    assert kept["p"]["realized"] == pytest.approx(2 / 3)  # an error of the radius is within it
    assert kept["p"]["calibrated_on"] == 7
    assert kept["p"]["mean_radius"] == 2.0
    assert kept["p"]["half_diagonal_share"] == pytest.approx(0.1)


def test_the_summary_says_what_was_calibrated_on_what():
    scaling = Scaling(
        kind="vector", weights=[1.0], bias=[0.5], nll_before=2.0, nll_after=1.0, items=3
    )
    assert summary_head(calibration_with(cases=4, scaling=scaling, alpha=0.1)) == {
        "source": "calibration",
        "caveat": None,
        "calibration_cases": 4,
        "alpha": 0.1,
        "scaling": {"kind": "vector", "weights": [1.0], "bias": [0.5]},
    }
    assert summary_head(calibration_with(alpha=0.1))["scaling"] is None
