"""Examples of landmark regression: positions in the image's pixels, raters, sizes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import task_settings
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of
from tfuq.data.sets.dataset import make_preprocessor
from tfuq.data.sets.landmarks import (
    LandmarkSet,
    image_diagonal,
    load_examples,
    pixel_mm,
    rater_points,
    reference_points,
    rescale_points,
    stretch,
)
from tfuq.errors import DataError

NOWHERE = [math.nan, math.nan]


def test_positions_keep_their_place_when_an_image_is_resized():
    points = np.random.default_rng(0).uniform(-0.5, 20, (5, 2))
    there = rescale_points(points, (20, 30), (64, 48))
    np.testing.assert_allclose(rescale_points(there, (64, 48), (20, 30)), points)
    # The field of view is kept: its corners, half a pixel beyond the outermost centres, fall on each other.
    np.testing.assert_allclose(
        rescale_points(np.array([[-0.5, -0.5], [29.5, 19.5]]), (20, 30), (64, 48)),
        [[-0.5] * 2, [47.5, 63.5]],
    )
    np.testing.assert_allclose(rescale_points(np.array([0.0, 0.0]), (10, 10), (20, 20)), [0.5, 0.5])
    np.testing.assert_allclose(stretch((20, 30), (64, 48)), [48 / 30, 64 / 20])


def config_of(landmarks, **annotations):
    return task_settings(
        "landmarks", "nowhere", data={"landmarks": landmarks, "annotations": annotations}
    )


def case_of(**raters):
    return Case("007", (), truth={name: np.array(points, float) for name, points in raters.items()})


def test_annotations_come_into_the_images_pixels():
    case = case_of(senior=[[10, 20], [30, 5], NOWHERE])
    plain = reference_points(config_of(["a", "b", "c"]), case, (50, 40))
    np.testing.assert_array_equal(plain, [[10, 20], [30, 5], NOWHERE])
    half = reference_points(config_of(["a", "b", "c"], image_size=[80, 100]), case, (50, 40))
    np.testing.assert_allclose(half, [[4.75, 9.75], [14.75, 2.25], NOWHERE])
    upwards = reference_points(config_of(["a", "b", "c"], y_up=True), case, (50, 40))
    np.testing.assert_array_equal(upwards, [[10, 30], [30, 45], NOWHERE])  # pixel row = rows − y
    both = reference_points(
        config_of(["a", "b", "c"], y_up=True, image_size=[80, 100]), case, (50, 40)
    )
    np.testing.assert_allclose(both, [[4.75, 39.75], [14.75, 47.25], NOWHERE])


def test_a_pixel_is_as_large_as_the_annotated_image_says():
    assert pixel_mm(config_of(["a"], image_size=[1935, 2400]), (800, 640)) is None
    np.testing.assert_allclose(
        pixel_mm(config_of(["a"], image_size=[1935, 2400], pixel_mm=0.1), (800, 640)),
        [0.30234375, 0.3],
    )
    np.testing.assert_allclose(pixel_mm(config_of(["a"], pixel_mm=0.1), (800, 640)), [0.1, 0.1])


def test_raters_and_their_mean():
    case = case_of(senior=[[10, 20], [30, 5], NOWHERE], junior=[[12, 24], NOWHERE, [7, 7]])
    for rater, expected in (
        ("senior", [[10, 20], [30, 5], NOWHERE]),
        ("junior", [[12, 24], NOWHERE, [7, 7]]),
        ("mean", [[11, 22], NOWHERE, NOWHERE]),
    ):
        config = config_of(["a", "b", "c"], rater=rater)
        np.testing.assert_array_equal(reference_points(config, case, (50, 40)), expected)
        np.testing.assert_array_equal(
            rater_points(config_of(["a", "b", "c"]), case, (50, 40), rater), expected
        )
    one = case_of(table=[[10, 20]])
    for rater in ("senior", "junior", "mean"):
        np.testing.assert_array_equal(
            reference_points(config_of(["a"], rater=rater), one, (50, 40)), [[10, 20]]
        )


@pytest.mark.parametrize("point", [[40, 5], [-0.6, 5], [5, 50], [5, -1], [1e6, 5]])
def test_a_landmark_outside_its_image_is_named(point):
    with pytest.raises(
        DataError,
        match=r"case '007': landmark 'b' at .* is outside its image of 40×50 pixels; correct it",
    ):
        reference_points(config_of(["a", "b"]), case_of(senior=[[1, 1], point]), (50, 40))


def test_annotations_that_do_not_serve_are_refused():
    config = config_of(["a", "b"])
    with pytest.raises(
        DataError, match=r"case '007': has 1 landmarks, data\.landmarks names 2; correct"
    ):
        reference_points(config, case_of(senior=[[1, 1]]), (50, 40))
    for truth in (None, {}):
        with pytest.raises(
            DataError, match="case '007' has no landmarks; they are needed to train or score"
        ):
            reference_points(config, Case("007", (), truth=truth), (50, 40))
    with pytest.raises(
        DataError, match="case '007': no annotation by 'senior'; it has junior, third"
    ):
        reference_points(config, case_of(junior=[[1, 1]] * 2, third=[[1, 1]] * 2), (50, 40))


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[3, 4], [0, 0]], r"landmark 'b' lies at \(0, 0\), the image's corner; .*leave both"),
        ([[0.4, 0.9], [0.25, 1.0]], "all 2 landmarks lie within 0…1, as fractions .*by the width"),
        ([[0.4, 0.9], [np.nan, np.nan]], "all 1 landmarks lie within 0…1"),
    ],
)
def test_positions_that_are_none_in_pixels_are_refused(points, words):
    config = config_of(["a", "b"])
    with pytest.raises(DataError, match=f"case '007': {words}"):
        reference_points(config, case_of(senior=points), (50, 40))
    mean = config_of(["a", "b"], rater="mean")
    with pytest.raises(DataError, match=words):
        reference_points(mean, case_of(senior=points, junior=[[3, 4], [5, 6]]), (50, 40))


@pytest.mark.parametrize("points", [[[3, 0], [0, 0.01]], [[0.5, 0.5], [3, 3]], [[np.nan] * 2] * 2])
def test_positions_at_the_border_are_taken(points):
    found = reference_points(config_of(["a", "b"]), case_of(senior=points), (50, 40))
    np.testing.assert_allclose(found, points)


@pytest.mark.parametrize(
    ("mm", "expected"),
    [(None, 50), (np.array([0.5, 0.5]), 25), (np.array([0.1, 0.1 / 3]), 17**0.5)],
)
def test_the_diagonal_is_in_the_unit_of_a_pixel(mm, expected):
    assert image_diagonal((30, 40), mm) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("loss", "terms"), [("heatmap-mse", 32 * 32), ("heatmap-cross-entropy", 1)]
)
def test_terms_are_of_the_landmarks_that_are_there(heads, loss, terms):
    config = task_settings("landmarks", heads, training={"loss": {"name": loss}})
    first, second = cases_of(config.data)[:2]
    missing = {
        name: np.where(np.arange(19)[:, None] < 4, np.nan, points)
        for name, points in second.truth.items()
    }
    training = LandmarkSet(config, [first, replace(second, truth=missing)], None)
    assert training.terms == (19 + 15) * terms
    assert training.terms_of_rows([1, 1]) == 2 * 15 * terms
    assert training.terms_per_example == 19 * terms
    assert training.class_weights == []


def test_landmarks_of_an_example_are_in_the_networks_pixels(heads):
    config = task_settings("landmarks", heads)
    case = cases_of(config.data)[0]
    examples = load_examples(config, make_preprocessor(config), case)
    # Written for an image of 288 × 360 pixels; the network's has 32 × 32.
    expected = (case.truth["senior"] + 0.5) * [32 / 288, 32 / 360] - 0.5
    np.testing.assert_allclose(examples.targets[0], expected, atol=1e-4)
    assert examples.images.shape == (1, 32, 32, 1)
