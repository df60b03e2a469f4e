"""Landmark regression: a position for every landmark, by way of a heatmap each, and its rows."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import task_settings
from tests.support import references
from tests.support.drawn import make_finished_run, make_given_predictor
from tfuq.calibration.records import Calibration, Conformal
from tfuq.data.volume import Volume
from tfuq.prediction import cases_of_test_split
from tfuq.prediction.tables import TablePredictor
from tfuq.runs.results import Manifest
from tfuq.tasks.landmarks import Landmarks
from tfuq.tasks.records import LandmarkStatistics

IMAGE = Volume(np.zeros((64, 128, 1, 1)), np.eye(4))  # twice the patch along y, four times along x
SEED, CORNER = tf.constant([1, 2]), tf.zeros([1, 2], tf.int32)


def config_of(loss="heatmap-mse", *, heteroscedastic=False):
    return task_settings(
        "landmarks",
        "nowhere",
        data={"layout": "landmark-table", "table": "t.csv", "landmarks": ["a", "b"]},
        training={"loss": {"name": loss, "heatmap_sigma": 1.5}},
        network={"heteroscedastic": heteroscedastic},
    )


def maps(channels, seed=0):
    return np.random.default_rng(seed).normal(size=(2, 6, 7, channels)).astype(np.float32)


@pytest.mark.parametrize(
    ("loss", "unit"), [("heatmap-mse", "heatmap pixel"), ("heatmap-cross-entropy", "landmark")]
)
def test_a_heatmap_is_a_term_or_each_of_its_pixels_is(loss, unit):
    assert Landmarks().unit(config_of(loss)) == unit


def test_a_heatmap_that_is_a_distribution_adds_up_to_one():
    outputs = maps(2)
    config = config_of("heatmap-cross-entropy")
    sample = Landmarks().activation(config)(tf.constant(outputs), SEED, CORNER).numpy()
    for n in range(2):
        for k in range(2):
            expected = references.softmax(outputs[n, ..., k])
            np.testing.assert_allclose(sample[n, ..., k], expected, atol=1e-6)
    plain = Landmarks().activation(config_of())(tf.constant(outputs), SEED, CORNER)
    np.testing.assert_array_equal(plain, outputs)


@pytest.mark.parametrize("heteroscedastic", [False, True])
def test_distributions_are_the_heatmaps_of_landmarks_that_are_there(heteroscedastic):
    config = config_of("heatmap-cross-entropy", heteroscedastic=heteroscedastic)
    outputs = maps(4 if heteroscedastic else 2)
    points = np.full((2, 2, 2), np.nan, np.float32)
    points[0] = 1.0
    p, weights = Landmarks().distributions(config)(tf.constant(points), tf.constant(outputs), SEED)
    for n in range(2):
        for k in range(2):
            expected = references.softmax(outputs[n, ..., k].ravel())
            np.testing.assert_allclose(p[n, k], expected, atol=1e-6)
    np.testing.assert_allclose(weights, [[0.5, 0.5], [0.0, 0.0]])


def test_predicted_variances_follow_the_heatmaps_within_bounds():
    config, outputs = config_of(heteroscedastic=True), 30 * maps(4)
    assert Landmarks().outputs(config) == 4
    sample = Landmarks().activation(config)(tf.constant(outputs), SEED, CORNER).numpy()
    np.testing.assert_array_equal(sample[..., :2], outputs[..., :2])
    np.testing.assert_array_equal(sample[..., 2:], np.clip(outputs[..., 2:], -10, 20))


@pytest.mark.parametrize(
    ("name", "heteroscedastic"),
    [
        ("heatmap-mse", False),
        ("heatmap-mse", True),
        ("heatmap-cross-entropy", False),
        ("heatmap-cross-entropy", True),
    ],
)
def test_the_loss_of_a_sample_is_that_of_the_outputs_it_was_made_of(name, heteroscedastic):
    config, task = config_of(name, heteroscedastic=heteroscedastic), Landmarks()
    outputs = tf.constant(maps(task.outputs(config)))
    points = tf.constant([[[1.0, 2.0], [5.0, 3.0]], [[math.nan, math.nan], [0.0, 0.0]]])
    sample = task.activation(config)(outputs, SEED, CORNER).numpy()
    loss = task.loss(config, None)
    np.testing.assert_allclose(
        loss(points, task.outputs_of(config, sample), SEED), loss(points, outputs, SEED), rtol=1e-4
    )


@pytest.mark.parametrize("level", [-40.0, 0.0, 40.0])
def test_a_position_is_taken_where_a_prediction_takes_it_whatever_the_outputs_level(level):
    sigma, log_variance, at, truth = 1.5, 0.7, (8.4, 7.3), (9.4, 6.1)
    config, task = config_of("heatmap-cross-entropy", heteroscedastic=True), Landmarks()
    y, x = np.ogrid[:16, :18]
    logits = level - ((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * sigma**2)
    variances = np.full_like(logits, log_variance)
    outputs = np.stack([logits, logits, variances, variances], -1)[None].astype(np.float32)
    wanted = references.softmax(-((x - truth[0]) ** 2 + (y - truth[1]) ** 2) / (2 * sigma**2))
    cross_entropy = -(wanted * np.log(references.softmax(logits))).sum()
    squared_distance = (truth[0] - at[0]) ** 2 + (truth[1] - at[1]) ** 2
    expected = cross_entropy + squared_distance / (2 * math.exp(log_variance)) + log_variance
    points = tf.constant([[truth, (math.nan, math.nan)]], tf.float32)
    found = task.loss(config, None)(points, tf.constant(outputs), SEED)
    np.testing.assert_allclose(found, [expected], rtol=1e-4)
    (reducer,) = task.reducers(config)
    sample = task.activation(config)(tf.constant(outputs), SEED, CORNER)
    predicted = reducer.peaks(*tf.split(sample, 2, axis=-1)).numpy()[0, 0]
    np.testing.assert_allclose(predicted[[0, 1, 3]], [*at, log_variance], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "heteroscedastic", "number"),
    [
        ("heatmap-mse", False, 1),
        ("heatmap-mse", True, 1),
        ("heatmap-cross-entropy", False, 1),
        ("heatmap-cross-entropy", True, 2),
    ],
)
def test_a_loss_that_changed_has_another_number(name, heteroscedastic, number):
    config = config_of(name, heteroscedastic=heteroscedastic)
    assert Landmarks().loss_definition(config) == number


def test_quality_is_the_mean_distance_of_the_maxima_from_the_landmarks_that_are_there():
    sample = np.zeros((2, 6, 7, 4))
    for n, k, row, column in ((0, 0, 2, 3), (0, 1, 5, 6), (1, 0, 0, 0), (1, 1, 4, 1)):
        sample[n, row, column, k] = 1
    sample[..., 2:] = 9  # maps of variances are no heatmaps
    targets = np.array([[[3.0, 2.0], [3.0, 1.0]], [[math.nan] * 2, [1.0, 6.0]]])
    quality = Landmarks().quality(None, sample, targets)
    assert quality == pytest.approx((0 + 5 + 2) / 3)


@pytest.fixture
def predictor(heads, tmp_path):
    run = make_finished_run(tmp_path / "run", "landmarks", heads)
    made = make_given_predictor(run)
    assert isinstance(made, TablePredictor)
    return made


def drawn(predictor, columns=3):
    """Two samples: the first landmark at (2, 3) and (4, 3), the others at the origin."""
    samples = np.zeros((2, len(predictor.config.data.landmarks), columns), np.float32)
    samples[:, 0, 0] = [2, 4]
    samples[:, 0, 1] = 3
    samples[:, 0, 2] = [0.5, 0.7]
    return LandmarkStatistics(landmarks=samples)


def rows_of(predictor, **changes):
    case = cases_of_test_split(predictor.run)[0]
    return predictor.rows(case, IMAGE, drawn(predictor, **changes))


def test_positions_are_those_of_the_image_as_given(predictor):
    """(x + ½)·4 − ½ and (y + ½)·2 − ½: 9.5 and 17.5, and 6.5."""
    tables = rows_of(predictor)
    sella = tables["samples.csv"][:2]
    assert [(row["sample"], row["x"], row["y"]) for row in sella] == [(0, 9.5, 6.5), (1, 17.5, 6.5)]
    assert [row["activation"] for row in sella] == pytest.approx([0.5, 0.7])
    first = tables["landmarks.csv"][0]
    assert (first["x"], first["y"]) == (13.5, 6.5)
    assert first["variance"] == 16.0  # ±4 along x
    assert first["max_activation"] == pytest.approx(0.6)


def test_millimetres_are_those_of_the_image_that_was_annotated(predictor):
    """288 × 360 pixels of 0.67 mm, here shown at 128 × 64."""
    first = rows_of(predictor)["landmarks.csv"][0]
    width, height = 288, 360
    assert first["x_mm"] == pytest.approx(13.5 * 0.67 * width / 128)
    assert first["y_mm"] == pytest.approx(6.5 * 0.67 * height / 64)


def test_predicted_variances_are_stretched_too(predictor):
    """exp(0) = 1 pixel² of the patch, 16 along x and 4 along y."""
    first = rows_of(predictor, columns=4)["landmarks.csv"][0]
    assert first["aleatoric_variance"] == pytest.approx(20)
    assert first["total_variance"] == pytest.approx(36)


def test_a_conformal_radius_is_in_units_of_the_spread_plus_one(predictor):
    names = predictor.config.data.landmarks
    draws = Manifest(run="r", method="vi", samples=2, seed=0, weights_digest=[], tfuq_version="1")
    predictor.calibration = Calibration(
        draws=draws,
        source="s",
        cases={},
        scaling=None,
        conformal=Conformal(alpha=0.1, radii=dict.fromkeys(names, 3.0)),
    )
    rows = rows_of(predictor)["landmarks.csv"]
    expected = 3 * (rows[0]["mean_radial_spread_mm"] + 1)
    assert rows[0]["conformal_radius_mm"] == pytest.approx(expected)
    assert rows[1]["conformal_radius_mm"] == pytest.approx(3.0)  # it does not move


def test_every_landmark_and_sample_has_a_row(predictor):
    predictor.samples = 2
    tables = rows_of(predictor)
    assert {name: len(rows) for name, rows in tables.items()} == predictor.rows_per_case


def test_targets_on_a_coarser_grid_are_where_its_pixels_say():
    """A pixel of two rows and four columns: its middle lies at half a row and one and a half."""
    points = tf.constant([[[1.5, 0.5], [np.nan, np.nan], [9.5, 2.5]]])
    found = Landmarks().coarse_targets(points, [2, 4])
    np.testing.assert_allclose(found, [[[0, 0], [np.nan, np.nan], [2, 1]]])
