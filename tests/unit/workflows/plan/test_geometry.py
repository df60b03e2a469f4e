"""Spacing, patch and levels; the right values are worked out by hand."""

import numpy as np
import pytest

from tfuq.workflows.plan.geometry import (
    differ,
    has_few_slices,
    levels_of,
    patch_of,
    target_spacing,
    whole_steps,
)


def test_the_spacing_is_the_median():
    spacings = np.array([[1, 1, 2], [1, 1.2, 2], [1, 1.4, 3]])
    assert target_spacing(spacings, np.full((3, 3), 100)).tolist() == [1, 1.2, 2]


def test_thick_slices_are_brought_to_thinner_ones():
    """Slices of 5 or 8 mm, few of them: the tenth quantile of 5, 5, 5, 8, 8, 8, … is 5."""
    spacings = np.array([[0.7, 0.7, 5.0]] * 4 + [[0.7, 0.7, 8.0]] * 6)
    shapes = np.array([[512, 512, 40]] * 10)
    assert target_spacing(spacings, shapes).tolist() == [0.7, 0.7, 5.0]


def test_spacings_within_a_header_s_precision_are_one():
    assert not differ(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0001]]))
    assert differ(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.2]]))


@pytest.mark.parametrize(
    ("size", "few"),
    [((200, 200, 15), True), ((200, 200, 16), False), ((18, 17, 15), False)],
)
def test_few_slices_are_fewer_than_sixteen(size, few):
    assert has_few_slices(np.array(size)) is few


def test_an_isotropic_patch_is_halved_alike_along_every_axis():
    levels = levels_of(np.array([48, 64, 48]), np.ones(3))
    assert levels.strides == [[2, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 1]]
    assert levels.kernels == [[3, 3, 3]] * 5
    assert levels.steps.tolist() == [8, 16, 8]


def test_thick_slices_are_halved_later():
    levels = levels_of(np.array([64, 64, 16]), np.array([1.0, 1.0, 4.0]))
    assert levels.strides[:3] == [[2, 2, 1], [2, 2, 1], [2, 2, 2]]
    assert levels.kernels[:3] == [[3, 3, 1], [3, 3, 1], [3, 3, 3]]


def test_coarsest_maps_keep_four_elements():
    patch = np.array([512, 512])
    levels = levels_of(patch, np.ones(2))
    assert levels.count == 6
    assert (patch / levels.steps >= 4).all()


def test_a_small_image_is_seen_whole():
    assert patch_of([30, 40, 50], [1, 1, 1], 1e6).tolist() == [30, 40, 50]


def test_the_longest_side_in_mm_is_made_shorter():
    """Of 200 × 200 voxels of 1 mm and 40 slices of 5 mm, all sides are 200 mm long."""
    patch = patch_of([200, 200, 40], [1, 1, 5], 100_000)
    assert np.prod(patch) <= 100_000
    lengths = patch * [1, 1, 5]
    assert lengths.max() / lengths.min() < 1.2


def test_a_patch_is_in_whole_steps_and_not_smaller():
    levels = levels_of(np.array([35, 50]), np.ones(2))
    assert levels.steps.tolist() == [8, 8]
    assert whole_steps(np.array([35, 50]), np.array([35, 50]), levels) == [40, 56]


def test_a_window_is_in_whole_steps_and_not_larger():
    levels = levels_of(np.array([35, 50]), np.ones(2))
    assert whole_steps(np.array([35, 50]), np.array([200, 50]), levels) == [32, 56]
