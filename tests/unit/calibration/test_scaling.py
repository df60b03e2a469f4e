"""Scaling: fitted against brute force."""

import numpy as np
import pytest

from tests.support import references_scores as slow
from tests.support.oversure import sampled
from tfuq.calibration import scaling as recalibration


@pytest.mark.parametrize("seed", range(3))
def test_nll_and_its_gradient(seed):
    p, y = sampled(seed)
    rng = np.random.default_rng(seed)
    weights, bias = rng.uniform(0.3, 2, 4), rng.normal(size=4)
    value, gradient = recalibration.mean_nll(np.log(p), y, weights, bias)
    assert value == pytest.approx(slow.recalibrated_nll(p, y, weights, bias))
    step = 1e-6
    for row, k in np.ndindex(2, 4):
        moved = np.stack([weights, bias])
        moved[row, k] += step
        assert gradient[row, k] == pytest.approx(
            (recalibration.mean_nll(np.log(p), y, *moved)[0] - value) / step, abs=1e-4
        )


def test_temperature_is_the_best_of_many():
    p, y = sampled(1, n=400)
    weights, bias = recalibration.fit_temperature(np.log(p), y)
    assert (weights == weights[0]).all()
    assert not bias.any()
    grid = np.linspace(0.05, 2, 400)
    tried = [recalibration.mean_nll(np.log(p), y, np.full(4, w), bias)[0] for w in grid]
    assert weights[0] == pytest.approx(grid[np.argmin(tried)], abs=0.01)
    assert recalibration.mean_nll(np.log(p), y, weights, bias)[0] <= min(tried) + 1e-9


def test_a_known_temperature_is_found():
    """Classes drawn from p, and p made too sure by a temperature of 1/3: one sample, 20,000 items."""
    (true,), _ = sampled(2, samples=1, n=20_000, sharpness=1.0)
    y = (np.random.default_rng(0).random((20_000, 1)) > np.cumsum(true, 1)).sum(1).clip(0, 3)
    sharp = true**3 / (true**3).sum(-1, keepdims=True)
    weights, _ = recalibration.fit_temperature(np.log(sharp)[None], y)
    assert weights == pytest.approx(np.full(4, 1 / 3), rel=0.03)


def test_vector_scaling_is_no_worse_and_undoes_a_bias():
    p, y = sampled(3, n=500)
    skewed = p * np.array([5.0, 1, 1, 0.3])
    logs = np.log(skewed / skewed.sum(-1, keepdims=True))
    by_temperature = recalibration.mean_nll(logs, y, *recalibration.fit_temperature(logs, y))[0]
    weights, bias = recalibration.fit_vector(logs, y)
    assert recalibration.mean_nll(logs, y, weights, bias)[0] < by_temperature - 0.03
    assert bias.argmin() == 0
    assert bias.argmax() == 3


def test_vector_scaling_believes_no_class_that_was_never_wrong():
    p, y = sampled(5, n=300)
    p[:, :, 0] = np.where(y == 0, 0.999, 0.001)
    p /= p.sum(-1, keepdims=True)
    weights, bias = recalibration.fit_vector(np.log(p), y)
    temperature = recalibration.fit_temperature(np.log(p), y)[0][0]
    assert (weights < 4 * temperature).all()
    assert (np.abs(bias) < 3).all()
