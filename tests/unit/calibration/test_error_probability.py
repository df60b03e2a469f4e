"""Venn–Abers: against isotonic regressions by scikit-learn, and calibrated."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.isotonic import IsotonicRegression

from tfuq.calibration.error_probability import ErrorProbability, fit_error_probability


def isotonic_at(x, y, point, label):
    fitted = IsotonicRegression().fit(np.append(x, point), np.append(y, label))
    return float(fitted.predict([point])[0])


@pytest.mark.parametrize("point", [0.0, 0.31, 0.5, 0.999, 2.0])
def test_both_ends_are_isotonic_regressions_with_the_new_case(point):
    rng = np.random.default_rng(0)
    x = rng.random(80).round(1)
    y = (rng.random(80) < x).astype(float)
    found = fit_error_probability(x, y > 0).estimate(point)
    assert found.lower == pytest.approx(isotonic_at(x, y, point, 0))
    assert found.upper == pytest.approx(isotonic_at(x, y, point, 1))
    assert found.expected == pytest.approx(found.upper / (1 - found.lower + found.upper))
    assert found.lower <= found.expected <= found.upper
    assert found.bound is None


def test_a_missing_uncertainty_counts_as_the_largest():
    model = fit_error_probability(np.array([0.1, 0.2, math.inf]), np.array([False, True, True]))
    assert model.uncertainties == [0.1, 0.2]
    assert model.estimate(math.nan) == model.estimate(math.inf) == model.estimate(9.0)
    assert fit_error_probability(np.array([math.inf]), np.array([True])) is None


def test_it_is_calibrated():
    rng = np.random.default_rng(1)
    u = rng.random(2000)
    model = fit_error_probability(u, rng.random(2000) < 0.4 * u**2)
    new = rng.random(300)
    found = np.array([model.estimate(float(value)).expected for value in new])
    assert np.abs(found - 0.4 * new**2).mean() < 0.03
    assert found.mean() == pytest.approx((0.4 * new**2).mean(), abs=0.02)


def test_all_right_and_all_wrong():
    x = np.arange(20.0)
    right = fit_error_probability(x, np.zeros(20, bool)).estimate(5.0)
    assert (right.lower, right.upper) == (0.0, pytest.approx(1 / 16))
    wrong = fit_error_probability(x, np.ones(20, bool)).estimate(5.0)
    assert (wrong.lower, wrong.upper) == (pytest.approx(6 / 7), 1.0)


def test_it_is_kept_as_json():
    model = fit_error_probability(np.array([0.3, 0.1, 0.3]), np.array([True, False, False]))
    assert (model.uncertainties, model.cases, model.wrong) == ([0.1, 0.3], [1, 2], [0, 1])
    read = TypeAdapter(ErrorProbability).validate_json(json.dumps(asdict(model)))
    assert read == model
    assert read.is_consistent()
    assert not ErrorProbability(uncertainties=[1, 0], cases=[1, 1], wrong=[0, 0]).is_consistent()
    assert not ErrorProbability(uncertainties=[1], cases=[1], wrong=[2]).is_consistent()
