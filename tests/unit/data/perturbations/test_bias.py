"""A bias field: a smooth factor that is bounded by the severity."""

import numpy as np

from tests.support.subjects import ellipsoid
from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.bias import bias
from tfuq.data.volume import Volume


def test_the_logarithm_of_the_factor_reaches_the_severity_and_no_more():
    array = ellipsoid().image.array
    signal = array[..., 1] - array[..., 1].min()
    changed = bias(ellipsoid(), 0.5, np.random.default_rng(0)).image.array[..., 1]
    is_signal = signal > 0.1
    logarithm = np.log((changed - array[..., 1].min())[is_signal] / signal[is_signal])
    assert np.abs(logarithm).max() <= 0.5 + 1e-4
    assert np.ptp(logarithm) > 0.3


def test_the_factor_is_a_polynomial_of_degree_3():
    ramp = np.ones((12, 10, 8, 1), np.float32)
    ramp[0, 0, 0] = 0  # no signal, so that the floor is 0
    subject = Subject(Volume(ramp, np.eye(4)))
    field = np.log(bias(subject, 0.5, np.random.default_rng(3)).image.array[1:, 1:, 1:, 0])
    for axis in range(3):
        fourth = np.diff(field, 4, axis=axis)
        np.testing.assert_allclose(fourth, 0, atol=1e-4)


def test_the_smallest_value_of_a_channel_stays():
    array = ellipsoid().image.array
    changed = bias(ellipsoid(), 0.5, np.random.default_rng(0)).image.array
    is_least = array == array.min((0, 1, 2))
    np.testing.assert_array_equal(changed[is_least], array[is_least])
