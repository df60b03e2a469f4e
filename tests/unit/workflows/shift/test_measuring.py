"""What the tasks share of measuring perturbed cases."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.data.perturbations import case_seed, perturb
from tfuq.prediction import cases_of_test_split
from tfuq.scoring.failure import Cohort
from tfuq.workflows.shift.measuring import Measured, case_ids, quality_rows
from tfuq.workflows.shift.pictures import ClassMeasurer
from tfuq.workflows.shift.plan import Plan


def test_a_case_has_its_quality_and_its_measures():
    measures = {"a": [1.0, 2.0], "b": np.array([3.0, 4.0])}
    assert quality_rows(["x", "y"], "dice", [0.5, None], measures) == [
        {"case": "x", "dice": 0.5, "a": 1.0, "b": 3.0},
        {"case": "y", "dice": None, "a": 2.0, "b": 4.0},
    ]


def measured(confidences):
    risk = np.array([0.0, 0.0, 1.0, 1.0])
    cohort = Cohort(
        level="case",
        risk=risk,
        failed=risk > 0,
        cases=np.array(list("abcd")),
        confidences={name: np.array(values) for name, values in confidences.items()},
    )
    return Measured(rows=[], scores={}, cohort=cohort, example={})


def test_a_measure_that_orders_the_risk_has_a_smaller_area():
    """Of no case it has none; and the worst order is the mirror of the best."""
    nan = [np.nan] * 4
    areas = measured({"good": [4.0, 3, 2, 1], "bad": [1.0, 2, 3, 4], "none": nan}).aurc
    assert areas["good"] < 0.5 < areas["bad"]
    assert areas["none"] is None


@pytest.mark.parametrize("severity", [0.0, 2.0])
def test_a_case_is_perturbed_by_a_seed_of_its_own(digits, tmp_path, severity):
    predictor = make_given_predictor(make_finished_run(tmp_path / "run", "classification", digits))
    measurer = ClassMeasurer(predictor, Plan(perturbation="noise", severities=(2.0,)))
    first, second = cases_of_test_split(predictor.run)[:2]
    assert case_ids([first, second]) == [first.id, second.id]
    found = measurer.perturbed(first, severity).image.array
    clean = measurer.subject(first)
    expected = perturb("noise", clean, severity, case_seed(5, first.id)).image.array
    np.testing.assert_array_equal(found, expected)
    assert np.array_equal(found, clean.image.array) is (severity == 0)
