"""The CRPS of samples, by its pairs and by its integral."""

import numpy as np
import pytest

from tfuq.scoring.crps import crps


def test_pairs_of_different_samples_count():
    samples = np.random.default_rng(0).normal(3, 2, 7)
    for observed in (2.5, 9.0):
        pairs = [abs(a - b) for i, a in enumerate(samples) for j, b in enumerate(samples) if i != j]
        expected = np.mean([abs(s - observed) for s in samples]) - np.mean(pairs) / 2
        assert crps(samples, observed) == pytest.approx(expected)


def test_of_many_samples_it_is_the_integral_of_squared_differences():
    samples = np.random.default_rng(1).normal(0, 1, 2000)
    grid = np.linspace(-8, 8, 16001)
    below = np.searchsorted(np.sort(samples), grid, side="right") / len(samples)
    integral = np.sum((below - (grid >= 0.5)) ** 2) * (grid[1] - grid[0])
    assert crps(samples, 0.5) == pytest.approx(integral, abs=2e-3)


def test_of_one_sample_it_is_the_absolute_error():
    assert crps(np.array([4.0]), 6.5) == 2.5
