"""Samples that a scaling is fitted on."""

import numpy as np
import pytest

from tfuq.config import TASKS
from tfuq.workflows.calibrate.fit import TASK_FITS, ScalingSamples

PICKED = np.random.default_rng(0).dirichlet([1, 2, 3], (2, 4, 5))  # N, T, m, K
TRUTH = np.random.default_rng(1).integers(0, 3, (2, 5))


@pytest.fixture
def samples():
    made = ScalingSamples("temperature")
    made.add(PICKED[:1], TRUTH[:1])
    made.add(PICKED[1:], TRUTH[1:])
    return made


def mean_nll(weight):
    """Of the mean of the samples, each of which is p^w, normalized."""
    powers = PICKED**weight
    p = (powers / powers.sum(-1, keepdims=True)).mean(1)
    return -np.log(np.take_along_axis(p, TRUTH[..., None], -1)).mean()


def test_true_classes_are_in_the_order_of_the_cases(samples):
    assert samples.truth().tolist() == TRUTH.ravel().tolist()


def test_a_temperature_is_the_best_power_of_each_sample(samples):
    found = samples.fit()
    assert (found.kind, found.items, found.bias) == ("temperature", 10, [0.0] * 3)
    assert found.nll_before == pytest.approx(mean_nll(1.0), rel=1e-6)
    (weight,) = set(found.weights)
    assert found.nll_after == pytest.approx(mean_nll(weight), rel=1e-6)
    others = [mean_nll(other) for other in (weight * 0.95, weight * 1.05)]
    assert found.nll_after <= min(others)


def test_a_probability_of_zero_is_a_small_one():
    made = ScalingSamples("temperature")
    made.add(np.array([[[[1.0, 0.0]]]]), np.array([[0]]))
    assert np.isfinite(made.fit().nll_after)


def test_every_task_is_calibrated():
    assert all(task in TASK_FITS for task in TASKS)
