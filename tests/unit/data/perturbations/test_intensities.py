"""The floor of an image, which counts as no signal."""

import numpy as np

from tfuq.data.perturbations.intensities import above_floor


def test_the_floor_is_each_channels_smallest_value():
    image = np.array([[3.0, -1.0], [5.0, 4.0]]).reshape(2, 1, 1, 2)
    signal, floor = above_floor(image)
    np.testing.assert_array_equal(floor, [[[[3, -1]]]])
    np.testing.assert_array_equal(signal.reshape(2, 2), [[0, 0], [2, 5]])
    np.testing.assert_array_equal(signal + floor, image)
