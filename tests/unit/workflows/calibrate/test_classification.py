"""Calibration of a classification: quantiles of the scores of the true classes."""

import numpy as np
import pytest

from tests.support.drawn import make_finished_run
from tfuq.data.cases import read_case_image
from tfuq.measures.catalogue import maps_of
from tfuq.prediction import cases_of_test_split
from tfuq.tasks.records import ClassStatistics
from tfuq.workflows.calibrate.classification import ClassificationFit


@pytest.fixture
def gathered(digits, tmp_path, fit_of):
    """Three digits whose true classes have a probability of 0.9, 0.5 and 0.2."""
    run = make_finished_run(tmp_path / "run", "classification", digits)
    fit = fit_of(run)
    cases = cases_of_test_split(run)[:3]
    p = np.zeros((3, 10))
    for row, case, of_truth in zip(p, cases, (0.9, 0.5, 0.2), strict=True):
        row[:] = (1 - of_truth) / 9
        row[int(case.truth)] = of_truth
    assert isinstance(fit, ClassificationFit)
    by_name = {"probability": p, "votes": p, "picked": np.repeat(p[:, None, None], 4, 1)}
    maps = {name: np.zeros(3) for name in maps_of(2)}
    images = [read_case_image(case) for case in cases]
    fit.add(cases, images, ClassStatistics(**by_name, **maps))
    return fit


def test_the_quantile_is_a_score_of_a_case(gathered):
    """⌈(3 + 1)·0.5⌉ = 2: the second smallest of 1 − p, which are 0.1, 0.5 and 0.8."""
    found = gathered.thresholds()
    assert found.alpha == 0.5
    assert found.sets["lac"] == pytest.approx(0.5)


def test_sizes_are_those_of_the_sets_of_the_calibration_cases(gathered):
    """At 1 − p ≤ 0.5 the first two have a set of one class, and the last an empty one."""
    sizes = gathered.thresholds().sizes["lac"]["set"]
    expected = {"mean_set_size": 2 / 3, "empty": 1 / 3, "single": 2 / 3, "vacuous": 0.0}
    assert sizes == pytest.approx(expected)


def test_the_scaling_is_fitted_on_an_item_per_image(gathered):
    scaling = gathered.scaling()
    assert scaling.items == 3
    assert scaling.nll_before == pytest.approx(-np.log([0.9, 0.5, 0.2]).mean(), rel=1e-5)


def test_a_review_learns_which_classes_are_wrong(gathered):
    """None of these three: 0.2 is the largest of ten probabilities, too."""
    for case in gathered.observed:
        (part,) = case.parts
        assert part.quality == 0.0
        assert "predictive_entropy" in part.measures
    rules = gathered.review()
    assert (rules.quality, rules.referral.cases, rules.referral.bad) == ("wrong-class", 3, 0)
