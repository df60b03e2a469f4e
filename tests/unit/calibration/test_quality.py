"""The estimate of quality: monotone, honest residuals, and a conformal bound that holds."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.linear_model import Ridge

from tfuq.calibration.conformal import conformal_quantile
from tfuq.calibration.quality import (
    QualityModel,
    cross_fitted,
    fit_line,
    fit_quality,
    quality_of,
    shortfall_of,
    transform,
)


def cases(count, rng, noise=0.02):
    """Measures that say something of the Dice, and one that does not."""
    spread = rng.uniform(0, 0.2, count)
    dice = np.clip(0.95 - spread + rng.normal(0, noise, count), 0, 1)
    measured = []
    for value in spread:
        agreement = 1 - value * rng.uniform(0.8, 1.2)
        entropy = rng.uniform(0.01, 0.1)
        measured.append({"pairwise_dice": agreement, "mean_entropy": entropy})
    return measured, dice


def test_shortfall_and_its_inverse():
    assert shortfall_of(np.array([0.75]), "dice") == pytest.approx([0.25])
    assert shortfall_of(np.array([0.0, np.e - 1]), "error") == pytest.approx([0, 1])
    assert quality_of(0.25, "dice") == 0.75
    assert quality_of(1.0, "error") == pytest.approx(np.e - 1)
    assert (quality_of(-0.5, "dice"), quality_of(1.5, "dice"), quality_of(-1, "error")) == (1, 0, 0)


def test_measures_turn_so_that_larger_is_less_certain():
    found = transform(
        [{"pairwise_dice": 0.9, "mean_entropy": 0.2, "max_activation": 0.7}, {}],
        ["pairwise_dice", "mean_entropy", "max_activation"],
    )
    assert found[0] == pytest.approx([np.log(0.1), np.log(0.2), -0.7])
    assert np.isposinf(found[1]).all()


def test_the_line_is_a_ridge_without_negative_weights():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    y = 0.3 * x[:, 0] - 0.2 * x[:, 1] + 0.01 * rng.normal(size=50)
    fit = fit_line(x, y)
    standard = (x - x.mean(0)) / x.std(0)
    expected = Ridge(60.0, positive=True).fit(standard.clip(-3, 3), y)
    assert fit.weights == pytest.approx(expected.coef_.tolist())
    assert fit.weights[1] == 0, "a measure that falls with the shortfall has no say"
    assert fit.shortfall(x[:5]) == pytest.approx(expected.predict(standard[:5].clip(-3, 3)))


def test_a_case_is_cross_fitted_without_itself():
    """To change the quality of a case changes no estimate of that case."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    y = rng.normal(size=30)
    before = cross_fitted(x, y)
    changed = y.copy()
    changed[7] += 100
    after = cross_fitted(x, changed)
    assert after[7] == before[7]
    assert (after != before).sum() >= 26


def test_the_estimate_never_gets_better_as_a_measure_gets_less_certain():
    rng = np.random.default_rng(0)
    model = fit_quality(*cases(40, rng), "dice", 0.1)
    for agreement in np.linspace(0.5, 0.99, 20):
        for entropy in np.linspace(0.01, 0.5, 20):
            base = {"pairwise_dice": agreement, "mean_entropy": entropy}
            worse = [
                base | {"pairwise_dice": agreement - 0.05},
                base | {"mean_entropy": 2 * entropy},
            ]
            for measured in worse:
                assert model.estimate(measured).expected <= model.estimate(base).expected + 1e-12
    missing = model.estimate({"mean_entropy": 0.05})
    assert missing.expected <= model.estimate({"pairwise_dice": 0.6, "mean_entropy": 0.05}).expected


def test_the_bound_is_that_of_a_split_by_hand():
    rng = np.random.default_rng(3)
    measured, dice = cases(40, rng)
    model = fit_quality(measured, dice, "dice", 0.1)
    order = np.random.default_rng(0).permutation(40)
    x = transform(measured, ["pairwise_dice", "mean_entropy"])
    half = fit_line(x[order[:20]], 1 - dice[order[:20]])
    residuals = 1 - dice[order[20:]] - half.shortfall(x[order[20:]])
    assert model.shift == pytest.approx(np.sort(residuals)[18], abs=1e-12), "the 19th of 20"
    assert model.shift == conformal_quantile(residuals, 0.1)
    estimate = model.estimate(measured[0])
    assert estimate.bound == pytest.approx(1 - half.shortfall(x[:1])[0] - model.shift)
    assert estimate.lower <= estimate.expected <= estimate.upper


def test_bound_and_interval_hold_as_often_as_they_say():
    """Over calibration sets: the bound at least 90 % (and not always), the interval about 90 %."""
    rng = np.random.default_rng(5)
    held = []
    inside = []
    for _ in range(25):
        model = fit_quality(*cases(40, rng), "dice", 0.1)
        measured, dice = cases(40, rng)
        for each, truth in zip(measured, dice, strict=True):
            estimate = model.estimate(each)
            held.append(truth >= estimate.bound)
            inside.append(estimate.lower <= truth <= estimate.upper)
    assert 0.88 < np.mean(held) < 0.97
    assert 0.87 < np.mean(inside) < 0.97


def test_few_cases_have_no_bound_and_fewer_no_estimate():
    rng = np.random.default_rng(0)
    assert fit_quality(*cases(5, rng), "dice", 0.1) is None
    few = fit_quality(*cases(12, rng), "dice", 0.1)
    assert (few.half, few.shift) == (None, None)
    assert few.estimate({"pairwise_dice": 0.9, "mean_entropy": 0.1}).bound is None
    assert fit_quality([{}] * 20, np.ones(20), "dice", 0.1) is None


def test_radial_errors_are_bounded_from_above():
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.5, 3, 60)
    error = spread * rng.exponential(1, 60)
    measured = [{"mean_radial_spread_mm": value} for value in spread]
    estimate = fit_quality(measured, error, "error", 0.1).estimate({"mean_radial_spread_mm": 2.0})
    assert 0 <= estimate.lower < estimate.expected < estimate.upper
    assert estimate.expected < estimate.bound


def test_it_is_kept_as_json():
    model = fit_quality(*cases(30, np.random.default_rng(0)), "dice", 0.1)
    read = TypeAdapter(QualityModel).validate_json(json.dumps(asdict(model)))
    assert read == model
    assert read.is_consistent()
    read.whole.weights.append(0.1)
    assert not read.is_consistent()
