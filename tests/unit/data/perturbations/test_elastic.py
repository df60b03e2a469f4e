"""Elastic distortion: its severity is in percent of the longest side."""

import numpy as np
import pytest
from scipy import ndimage

from tests.support.subjects import POINTS, picture
from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.elastic import elastic, elastic_magnitude, percent_of_magnitude


def test_the_displacement_of_points_has_the_standard_deviation_asked_for():
    grid = np.stack(np.meshgrid(np.arange(10, 70, 10), np.arange(10, 50, 10)), -1).reshape(-1, 2)
    image = picture().image
    displacements = []
    for seed in range(60):
        subject = Subject(image, points=grid.astype(float))
        moved = elastic(subject, 2.0, np.random.default_rng(seed))
        displacements.append(moved.points - grid)
    assert np.std(displacements) == pytest.approx(0.02 * 80, rel=0.1)


def test_severities_of_one_seed_differ_in_degree_alone():
    small, large = (
        elastic(picture(), severity, np.random.default_rng(1)).points - POINTS
        for severity in (0.05, 0.1)
    )
    np.testing.assert_allclose(2 * small, large, atol=0.01)


def test_a_magnitude_is_that_of_simard_et_al():
    rng = np.random.default_rng(0)
    noise = rng.uniform(-1, 1, (512, 512))
    displacements = 200 * ndimage.gaussian_filter(noise, 12.8, mode="wrap")
    assert percent_of_magnitude(200) == pytest.approx(100 * displacements.std() / 128, rel=0.1)
    one = elastic_magnitude(picture(), 200, np.random.default_rng(1)).points
    other = elastic(picture(), percent_of_magnitude(200), np.random.default_rng(1)).points
    np.testing.assert_array_equal(one, other)
