"""Occlusion: a box in which nothing is seen."""

import numpy as np
import pytest

from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.occlusion import occlusion
from tfuq.data.volume import Volume


@pytest.mark.parametrize("severity", [0.125, 0.5])
def test_a_box_of_the_images_proportions_has_the_smallest_value(severity):
    array = np.random.default_rng(0).random((24, 20, 16, 2)).astype(np.float32)
    subject = Subject(Volume(array, np.eye(4)))
    covered = occlusion(subject, severity, np.random.default_rng(0)).image.array
    is_covered = (covered != array).any(-1)
    positions = np.argwhere(is_covered)
    sides = positions.max(0) - positions.min(0) + 1
    expected = np.array([24, 20, 16]) * severity ** (1 / 3)
    np.testing.assert_allclose(sides, expected, atol=0.51)
    assert (covered[is_covered] == array.min((0, 1, 2))).all()


def test_a_severity_of_1_covers_all_and_a_small_one_a_voxel():
    array = np.random.default_rng(0).random((6, 5, 4, 1)).astype(np.float32)
    subject = Subject(Volume(array, np.eye(4)))
    covered = occlusion(subject, 1.0, np.random.default_rng(0)).image.array
    assert (covered == array.min()).all()
    spotted = occlusion(subject, 1e-6, np.random.default_rng(0)).image.array
    assert (spotted != array).sum() == 1
