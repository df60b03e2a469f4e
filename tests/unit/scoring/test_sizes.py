"""How much promises say, by hand."""

import numpy as np
import pytest

from tfuq.scoring.sizes import interval_size, lower_size, radius_size, set_size, upper_size

IMAGE = np.array([1000, 1000, 1000])
REFERENCE = np.array([100, 0, 50])


def test_sizes_of_sets():
    sets = np.array([[1, 1, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0]], bool)
    assert set_size(sets) == {
        "mean_set_size": 1.5,
        "empty": 0.25,
        "single": 0.25,
        "vacuous": 0.25,
    }


def test_an_upper_bound_of_all_but_a_hundredth_says_nothing():
    found = upper_size(np.array([1000, 990, 100]), REFERENCE, IMAGE)
    assert found == pytest.approx({"image_share": 2.09 / 3, "to_reference": 6.0, "vacuous": 2 / 3})


def test_a_lower_bound_without_a_voxel_says_nothing():
    found = lower_size(np.array([0, 3, 25]), REFERENCE)
    assert found == pytest.approx({"to_reference": 0.25, "vacuous": 1 / 3})
    assert lower_size(np.zeros(2), np.zeros(2))["to_reference"] is None


def test_an_interval_of_the_whole_image_says_nothing():
    low = np.array([0.0, 0.0, 40.0])
    high = np.array([995.0, 20.0, 65.0])
    found = interval_size(low, high, REFERENCE, IMAGE)
    assert found == pytest.approx({"width_to_reference": (9.95 + 0.5) / 2, "vacuous": 1 / 3})


def test_a_radius_of_half_the_diagonal_says_nothing():
    found = radius_size(np.array([5.0, 30.0]), np.array([50.0, 50.0]))
    assert found == pytest.approx({"mean_radius": 17.5, "half_diagonal_share": 0.7, "vacuous": 0.5})
