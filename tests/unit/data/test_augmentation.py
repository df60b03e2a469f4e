"""Landmarks and labels move with the image: a dot drawn at a point is found where the point's twin says."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.dots import centres, dots
from tfuq.config import AugmentationConfig
from tfuq.data.augmentation import (
    augment,
    augment_image,
    augment_landmarks,
    check_perturbations,
    draw_movement,
)
from tfuq.data.perturbations import Subject, perturb
from tfuq.data.volume import Volume
from tfuq.errors import ConfigError

POINTS = np.array([[20.3, 22.8], [55.0, 30.5], [33.2, 40.9], [47.7, 18.1]])
NAMES = ("rotation_degrees", "scale", "shift", "elastic", "intensity", "noise")
OFF = dict.fromkeys(NAMES, 0.0) | {"flip_axes": [], "elastic_smoothness": 8.0, "perturbations": {}}
OFF |= {"rotation_probability": 1.0, "scale_probability": 1.0, "elastic_probability": 1.0}
OFF |= {"plane_axis": None}
MOVING = OFF | {
    "flip_axes": [0, 1],
    "rotation_degrees": 15.0,
    "scale": 0.1,
    "shift": 0.05,
    "elastic": 2.0,
}


def settings(**changes) -> SimpleNamespace:
    return SimpleNamespace(**(OFF | changes))


@pytest.mark.parametrize("seed", range(4))
def test_an_image_and_its_landmarks_move_together(seed):
    points = np.vstack([POINTS, [np.nan, np.nan]])
    image = dots(POINTS)
    moved, where = augment_landmarks(image, points, settings(**MOVING), np.random.default_rng(seed))
    assert moved.shape == image.shape
    assert moved.dtype == np.float32
    np.testing.assert_allclose(centres(moved), where[:-1], atol=0.4)
    assert np.isnan(where[-1]).all()
    same, there = augment_landmarks(image, points, settings(**MOVING), np.random.default_rng(seed))
    np.testing.assert_array_equal(moved, same)
    np.testing.assert_array_equal(where, there)
    np.testing.assert_array_equal(
        augment_image(image, settings(**MOVING), np.random.default_rng(seed)), moved
    )


@pytest.mark.parametrize("name", ["rotation_degrees", "scale", "shift", "elastic"])
def test_each_movement_moves_and_none_leaves_all_as_it_was(name):
    image = dots(POINTS)
    still, points = augment_landmarks(image, POINTS, settings(), np.random.default_rng(0))
    np.testing.assert_array_equal(still, image)
    np.testing.assert_array_equal(points, POINTS)
    moved, points = augment_landmarks(
        image, POINTS, settings(**{name: MOVING[name]}), np.random.default_rng(0)
    )
    assert not np.array_equal(moved, image)
    assert np.abs(points - POINTS).max() > 0.3


def test_values_change_and_points_do_not():
    image = dots(POINTS)
    changed, points = augment_landmarks(
        image, POINTS, settings(intensity=0.3, noise=0.1), np.random.default_rng(0)
    )
    np.testing.assert_array_equal(points, POINTS)
    assert changed.dtype == np.float32
    assert (changed - image).std() > 0.05


@pytest.mark.parametrize("shape", [(24, 30), (14, 16, 12)])
def test_labels_move_with_their_image_in_two_and_three_dimensions(shape):
    distance = np.linalg.norm(
        np.moveaxis(np.indices(shape), 0, -1) - np.array(shape) / 2.2, axis=-1
    )
    label = (distance < 5).astype(np.uint8) + (distance < 3)
    image = label[..., None].astype(np.float32)
    config = settings(
        flip_axes=[0, 2], rotation_degrees=20.0, shift=0.1, elastic=0.8, elastic_smoothness=5.0
    )
    moved, moved_label = augment(image, label, config, np.random.default_rng(1))
    assert set(np.unique(moved_label)) == {0, 1, 2}
    assert moved_label.dtype == np.uint8
    assert (moved_label != label).mean() > 0.01
    assert np.mean(np.abs(moved[..., 0] - moved_label) > 0.8) < 0.02


LISTED = {"blur": 1.0, "rotation": 20.0, "bias": 0.5}


@pytest.mark.parametrize("seed", range(3))
def test_listed_perturbations_change_examples_as_their_own_functions_do(seed):
    image = dots(POINTS)
    config, expected = (
        settings(perturbations=LISTED),
        Subject(Volume(image[:, :, None], np.eye(4)), points=POINTS),
    )
    rng = np.random.default_rng(seed)
    for name, low in (("blur", 0.0), ("rotation", -20.0), ("bias", 0.0)):
        expected = perturb(name, expected, rng.uniform(low, LISTED[name]), int(rng.integers(2**32)))
    changed, points = augment_landmarks(image, POINTS, config, np.random.default_rng(seed))
    np.testing.assert_array_equal(changed, expected.image.array[:, :, 0])
    np.testing.assert_array_equal(points, expected.points)
    assert np.abs(points - POINTS).max() > 0.1
    np.testing.assert_array_equal(
        augment_image(image, config, np.random.default_rng(seed)), changed
    )


@pytest.mark.parametrize("shape", [(24, 30), (14, 16, 12)])
def test_listed_perturbations_move_labels_with_images(shape):
    label = (
        np.linalg.norm(np.moveaxis(np.indices(shape), 0, -1) - np.array(shape) / 2.3, axis=-1) < 5
    ).astype(np.uint8)
    image = np.repeat(label[..., None], 2, -1).astype(np.float32)
    config = settings(perturbations={"scaling": 0.4, "missing-modality": 1.0})
    changed, moved = augment(image, label, config, np.random.default_rng(2))
    assert changed.shape == image.shape
    assert moved.sum() != label.sum()
    assert (
        min(np.mean(np.abs(changed[..., c] - moved) > 0.6) for c in range(2)) < 0.02
    )  # of the channel that is left


@pytest.mark.parametrize("name", ["rotation_degrees", "scale", "elastic"])
def test_a_movement_of_a_probability_is_drawn_as_often(name):
    """Of 400 examples: within four standard deviations of 0.3."""
    key = f"{name.removesuffix('_degrees')}_probability"
    config = settings(**{name: MOVING[name], key: 0.3})
    rng = np.random.default_rng(0)
    still = 0
    for _ in range(400):
        movement = draw_movement((6, 6), config, rng)
        still += movement.field is None and np.array_equal(movement.matrix, np.eye(2))
    assert 1 - still / 400 == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 400) ** 0.5)


@pytest.mark.parametrize("axis", [0, 2])
def test_volumes_stay_where_they_are_along_an_axis(axis):
    config = AugmentationConfig(rotation_degrees=40.0, scale=0.3, elastic=1.5, plane_axis=axis)
    movement = draw_movement((8, 9, 10), config, np.random.default_rng(3))
    along = np.eye(3)[axis]
    np.testing.assert_array_equal(movement.matrix[axis], along)
    np.testing.assert_array_equal(movement.matrix[:, axis], along)
    assert np.abs(movement.matrix - np.eye(3)).max() > 0.05
    assert not movement.field[..., axis].any()
    assert np.abs(movement.field).max() > 0.5


def test_a_listed_perturbation_of_a_probability_is_drawn_as_often_and_within_its_range():
    """A gain of an image of ones tells what was drawn."""
    occasion = {"probability": 0.4, "range": [0.2, 0.5]}
    config = AugmentationConfig(perturbations={"gain": occasion})
    rng = np.random.default_rng(1)
    image = np.ones((4, 4, 1), np.float32)
    drawn = [augment_image(image, config, rng)[0, 0, 0] - 1 for _ in range(300)]
    changed = [severity for severity in drawn if severity]
    share = len(changed) / 300
    assert share == pytest.approx(0.4, abs=4 * (0.4 * 0.6 / 300) ** 0.5)
    assert 0.2 <= min(changed) < 0.23
    assert 0.47 < max(changed) <= 0.5


@pytest.mark.parametrize(
    ("listed", "task", "words"),
    [({"blurr": 1.0}, "landmarks", "did you mean 'blur'"),
     ({"blur": {"range": [-1.0, 1.0]}}, "landmarks", "from 0 to 100"),
     ({"scaling": 1.0}, "landmarks", "from -0.9 to 9"),
     ({"rotation-3d": 5.0}, "classification", "serves segmentation")],
)  # fmt: skip
def test_listed_perturbations_that_cannot_be_are_refused(listed, task, words):
    with pytest.raises(ConfigError, match=words):
        check_perturbations(AugmentationConfig(perturbations=listed), task)


def test_augmentation_is_a_function_of_its_generator():
    image = np.random.default_rng(0).normal(size=(12, 12, 12, 1)).astype(np.float32)
    label = (image[..., 0] > 0.5).astype(np.uint8)
    config = AugmentationConfig(
        flip_axes=[0, 1], rotation_degrees=20.0, scale=0.1, intensity=0.2, noise=0.1
    )
    one, two, other = (
        augment(image, label, config, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one[0], two[0])
    assert not np.array_equal(one[0], other[0])
    none = AugmentationConfig()
    np.testing.assert_array_equal(augment(image, label, none, np.random.default_rng(0))[0], image)
