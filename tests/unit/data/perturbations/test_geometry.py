"""Movements of arrays, and of the landmarks in them."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.support.dots import SHAPE, centres, dots
from tfuq.data.perturbations.geometry import (
    Movement,
    affine,
    elastic_field,
    flip,
    flip_points,
    move_points,
    rotation,
    warp,
    warp_points,
)

POINTS = np.array([[20.3, 22.8], [55.0, 30.5], [33.2, 40.9], [47.7, 18.1]])


def test_points_follow_flips_turns_scales_and_shifts():
    np.testing.assert_allclose(
        centres(flip(dots(POINTS), [1])), flip_points(POINTS, [1], SHAPE), atol=0.05
    )
    np.testing.assert_allclose(
        centres(flip(dots(POINTS), [0, 1])), flip_points(POINTS, [0, 1], SHAPE), atol=0.05
    )
    matrix, shift = rotation(np.deg2rad([25.0])) / 0.9, np.array([3.5, -4.0])
    moved = affine(dots(POINTS), matrix, shift=shift)
    assert np.abs(move_points(POINTS, matrix, SHAPE, shift) - POINTS).max() > 5
    np.testing.assert_allclose(centres(moved), move_points(POINTS, matrix, SHAPE, shift), atol=0.15)
    np.testing.assert_allclose(move_points(POINTS, np.eye(2), SHAPE, shift), POINTS + shift[::-1])


@pytest.mark.parametrize("seed", range(4))
def test_points_follow_an_elastic_distortion(seed):
    field = elastic_field(np.random.default_rng(seed), SHAPE, 2.0, 8.0)
    points = warp_points(POINTS, field)
    assert np.abs(points - POINTS).max() > 1
    np.testing.assert_allclose(centres(warp(dots(POINTS), field)), points, atol=0.3)
    # An image of its own coordinates says exactly where each position came from.
    rows, columns = np.round(points).astype(int).T[::-1]
    ramp = np.stack(np.indices(SHAPE)[::-1], -1).astype(np.float32)
    origin = warp(ramp, field)[rows, columns]
    back = warp_points(origin, field)
    np.testing.assert_allclose(back, np.round(points), atol=1e-3)


def test_elastic_field_has_the_size_it_is_asked_for():
    field = np.array(
        [elastic_field(np.random.default_rng(seed), (32, 48), 3.0, 4.0) for seed in range(60)]
    )
    assert field.shape == (60, 32, 48, 2)
    np.testing.assert_allclose(field.std((0, 1, 2)), 3, rtol=0.05)
    roughness = np.diff(field, axis=2).std() / field.std()
    assert roughness == pytest.approx(
        np.sqrt(2 * (1 - np.exp(-1 / (4 * 4.0**2)))), rel=0.1
    )  # of a Gaussian-smoothed field


def test_a_quarter_turn_is_that_of_numpy():
    square = np.random.default_rng(1).normal(size=(7, 7))
    quarter = rotation(np.deg2rad([90.0]))
    np.testing.assert_allclose(affine(square, quarter), np.rot90(square, -1), atol=1e-9)


def test_a_quarter_turn_about_the_third_axis_of_a_label_is_exact():
    label = np.random.default_rng(0).integers(0, 3, (7, 7, 4))
    quarter = rotation(np.deg2rad([0.0, 0.0, 90.0]))
    moved = affine(label, quarter, nearest=True)
    np.testing.assert_array_equal(moved, np.rot90(label, -1))


def test_a_mirrored_image_is_that_of_numpy():
    square = np.random.default_rng(1).normal(size=(7, 7))
    np.testing.assert_array_equal(flip(square, [1]), square[:, ::-1])


@pytest.mark.parametrize("axis", range(3))
def test_a_turn_in_space_is_that_of_scipy(axis):
    angles = np.zeros(3)
    angles[axis] = 0.4
    expected = Rotation.from_euler("xyz"[axis], 0.4).as_matrix()
    np.testing.assert_allclose(rotation(angles), expected, atol=1e-12)


def test_a_movement_mirrors_then_turns_then_distorts():
    field = elastic_field(np.random.default_rng(0), SHAPE, 1.5, 8.0)
    matrix = rotation(np.deg2rad([10.0]))
    shift = np.array([2.0, -3.0])
    movement = Movement(shape=SHAPE, axes=[1], matrix=matrix, shift=shift, field=field)
    image = dots(POINTS)
    expected = warp(affine(flip(image, [1]), matrix, shift=shift), field)
    np.testing.assert_array_equal(movement.of_array(image), expected)
    np.testing.assert_allclose(centres(expected), movement.of_points(POINTS), atol=0.3)


def test_a_movement_that_does_nothing_returns_the_array_itself():
    image = dots(POINTS)
    movement = Movement.linear(SHAPE, np.eye(2))
    assert movement.of_array(image) is image
    np.testing.assert_array_equal(movement.of_points(POINTS), POINTS)


def test_a_missing_landmark_stays_missing():
    field = elastic_field(np.random.default_rng(0), SHAPE, 1.5, 8.0)
    points = np.array([[np.nan, np.nan], [20.0, 30.0]])
    moved = Movement.linear(SHAPE, rotation(np.array([0.1])), field).of_points(points)
    assert np.isnan(moved[0]).all()
    assert np.isfinite(moved[1]).all()
