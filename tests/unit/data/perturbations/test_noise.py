"""Gaussian noise."""

import numpy as np
import pytest
from scipy import stats

from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.noise import add_noise, noise
from tfuq.data.volume import Volume


def flat_subject():
    return Subject(Volume(np.zeros((40, 40, 20, 1), np.float32), np.eye(4)))


def test_noise_has_the_standard_deviation_asked_for_and_severities_share_their_pattern():
    half, whole = (
        noise(flat_subject(), severity, np.random.default_rng(5)).image.array
        for severity in (0.5, 1.0)
    )
    assert half.std() == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose(2 * half, whole, rtol=1e-5)


def test_noise_is_normal_and_white():
    values = noise(flat_subject(), 1.0, np.random.default_rng(5)).image.array[..., 0]
    assert stats.kstest(values.ravel(), "norm").pvalue > 1e-3
    for axis in range(3):
        neighbours = np.roll(values, 1, axis)
        assert abs((values * neighbours).mean()) < 0.02


def test_noise_is_added_in_single_precision():
    image = np.full((3, 4), 7, np.float32)
    noisy = add_noise(image, 0.1, np.random.default_rng(2))
    assert noisy.dtype == np.float32
    expected = 7 + np.random.default_rng(2).normal(0, 0.1, (3, 4))
    np.testing.assert_allclose(noisy, expected, rtol=1e-6)
