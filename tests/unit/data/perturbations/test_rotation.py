"""Rotation: which way, about what, and in millimetres."""

import numpy as np
import pytest
from scipy import ndimage

from tests.support.subjects import ellipsoid, picture
from tfuq.data.perturbations.base import Subject
from tfuq.data.perturbations.rotation import in_plane, in_space
from tfuq.data.volume import Volume
from tfuq.errors import DataError


def test_a_quarter_turn_is_clockwise():
    square = np.arange(49, dtype=np.float32).reshape(7, 7)
    subject = Subject(Volume(square[:, :, None, None], np.eye(4)))
    turned = in_plane(subject, 90, np.random.default_rng(0)).image.array[:, :, 0, 0]
    np.testing.assert_allclose(turned, np.rot90(square, -1), atol=1e-4)


def test_a_turn_is_true_to_millimetres():
    right = np.array([[39.5 + 10, 29.5]])  # 10 mm right of the centre
    subject = picture(right, spacing=(2.0, 1.0))
    turned = in_plane(subject, 90, np.random.default_rng(0)).points
    np.testing.assert_allclose(turned, [[39.5, 29.5 + 5]], atol=1e-9)  # 10 mm below


@pytest.mark.parametrize(
    ("axis", "degrees", "axes"), [(0, -30, (1, 2)), (1, 30, (0, 2)), (2, -30, (0, 1))]
)
def test_a_volume_turns_about_the_axis_its_slices_are_stacked_along(axis, degrees, axes):
    subject = ellipsoid(axis=axis)
    turned = in_plane(subject, 30, np.random.default_rng(0)).image.array[..., 0]
    array = subject.image.array[..., 0]
    expected = ndimage.rotate(array, degrees, axes, reshape=False, order=1, mode="nearest")
    np.testing.assert_allclose(turned, expected, atol=1e-5)


def test_a_turn_in_space_keeps_the_volume_of_a_structure():
    subject = ellipsoid((1.0, 0.8, 2.0))
    before = subject.label.array.sum(dtype=int)
    for seed in range(4):
        turned = in_space(subject, 25.0, np.random.default_rng(seed)).label.array
        assert turned.sum(dtype=int) == pytest.approx(before, rel=0.15)


def test_turns_there_and_back_about_one_axis_end_where_they_began():
    subject = ellipsoid()
    there = in_space(subject, 20.0, np.random.default_rng(3))
    back = in_space(there, -20.0, np.random.default_rng(3)).label.array > 0
    label = subject.label.array > 0
    overlap = 2 * (back & label).sum() / (back.sum() + label.sum())
    assert overlap > 0.93


def test_one_plane_is_not_turned_in_space():
    with pytest.raises(DataError, match="60×80×1 voxels is one plane; choose rotation"):
        in_space(picture(), 10.0, np.random.default_rng(0))
