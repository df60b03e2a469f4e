"""Aleatoric and epistemic variance of classes."""

import numpy as np
import pytest

from tfuq.measures.catalogue import VARIANCES
from tfuq.measures.variances import RunningVariances, variance_parts


@pytest.fixture
def samples():
    return np.random.default_rng(0).dirichlet(np.ones(3), (5, 4, 6)).astype(np.float32)


def slow(samples):
    """Both parts of one voxel at a time, sample by sample and class by class."""
    count, *shape, classes = samples.shape
    aleatoric, epistemic = np.zeros((2, *shape))
    for place in np.ndindex(*shape):
        for k in range(classes):
            values = [float(samples[(t, *place, k)]) for t in range(count)]
            mean = sum(values) / count
            aleatoric[place] += sum(p * (1 - p) for p in values) / count / classes
            epistemic[place] += sum((p - mean) ** 2 for p in values) / count / classes
    return aleatoric, epistemic


def test_parts_are_those_of_the_samples_and_add_up_to_that_of_the_mean(samples):
    mean = samples.mean(0)
    parts = variance_parts(mean, samples.var(0))
    assert tuple(parts) == VARIANCES
    for found, expected in zip(parts.values(), slow(samples), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(sum(parts.values()), (mean * (1 - mean)).mean(-1), atol=1e-6)


def test_equal_samples_differ_by_nothing_and_certain_ones_leave_nothing_open(samples):
    parts = variance_parts(samples[0], np.zeros_like(samples[0]))
    assert parts["epistemic_variance"].max() == 0
    whole = variance_parts(np.array([0.5, 0.5]), np.array([0.25, 0.25]))
    assert whole == {"aleatoric_variance": 0, "epistemic_variance": 0.25}


def test_rounding_makes_no_part_negative():
    running = RunningVariances(())
    running.add(np.array(1.0000001), np.array(1e-9))
    assert running.parts["aleatoric_variance"] == 0
