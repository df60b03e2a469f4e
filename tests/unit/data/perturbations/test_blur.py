"""Gaussian blur."""

import numpy as np
from scipy import ndimage

from tests.support.subjects import ellipsoid, picture
from tfuq.data.perturbations.blur import blur


def test_it_is_the_filter_of_scipy_along_each_axis():
    array = ellipsoid().image.array
    blurred = blur(ellipsoid(), 1.5, np.random.default_rng(0)).image.array
    expected = array.astype(float)
    for axis in range(3):
        expected = ndimage.gaussian_filter1d(expected, 1.5, axis=axis, mode="nearest")
    np.testing.assert_allclose(blurred, expected, atol=1e-5)


def test_a_large_blur_leaves_the_mean_of_each_channel():
    array = ellipsoid().image.array
    blurred = blur(ellipsoid(), 50.0, np.random.default_rng(0)).image.array
    assert blurred[..., 1].std() < 0.1 * array[..., 1].std()


def test_a_picture_is_blurred_in_its_plane():
    blurred = blur(picture(), 2.0, np.random.default_rng(0)).image.array
    expected = ndimage.gaussian_filter(picture().image.array[:, :, 0, 0], 2.0, mode="nearest")
    np.testing.assert_allclose(blurred[:, :, 0, 0], expected, atol=1e-6)
