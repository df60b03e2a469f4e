"""Brightness and contrast."""

import numpy as np
import pytest

from tests.support.subjects import ellipsoid
from tfuq.data.perturbations.contrast import (
    contrast,
    gain,
    inverted_contrast,
    mean_contrast,
    rescale,
)


@pytest.mark.parametrize("severity", [-0.7, 0.7])
def test_gamma_is_of_the_range_of_each_channel(severity):
    array = ellipsoid().image.array
    low = array.min((0, 1, 2))
    high = array.max((0, 1, 2))
    changed = contrast(ellipsoid(), severity, np.random.default_rng(0)).image.array
    expected = ((array - low) / (high - low)) ** np.exp(severity) * (high - low) + low
    np.testing.assert_allclose(changed, expected, atol=1e-5)


def test_a_constant_channel_stays_as_it_is():
    array = ellipsoid().image.array.copy()
    array[..., 1] = -3
    subject = ellipsoid().with_values(array)
    changed = contrast(subject, 0.7, np.random.default_rng(0)).image.array
    np.testing.assert_array_equal(changed[..., 1], -3)


def test_gain_and_offset_keep_single_precision():
    image = np.array([[-1.0, 0.0], [0.5, 2.0]], np.float32)
    changed = rescale(image, 1.5, -0.25)
    assert changed.dtype == np.float32
    np.testing.assert_allclose(changed, [[-1.75, -0.25], [0.5, 2.75]])


def test_inverted_gamma_changes_bright_values_most():
    array = ellipsoid().image.array
    low = array.min((0, 1, 2))
    high = array.max((0, 1, 2))
    changed = inverted_contrast(ellipsoid(), 0.5, np.random.default_rng(0)).image.array
    expected = high - ((high - array) / (high - low)) ** np.exp(0.5) * (high - low)
    np.testing.assert_allclose(changed, expected, atol=1e-5)


def test_a_gain_multiplies():
    changed = gain(ellipsoid(), -0.25, np.random.default_rng(0)).image.array
    np.testing.assert_allclose(changed, 0.75 * ellipsoid().image.array, rtol=1e-6)


@pytest.mark.parametrize("severity", [-0.5, 0.5])
def test_contrast_about_the_mean_stays_within_the_range(severity):
    array = ellipsoid().image.array[..., 1]
    subject = ellipsoid()
    changed = mean_contrast(subject, severity, np.random.default_rng(0)).image.array[..., 1]
    stretched = (array - array.mean()) * (1 + severity) + array.mean()
    np.testing.assert_allclose(changed, np.clip(stretched, array.min(), array.max()), atol=1e-5)
