"""Landmarks as heatmaps and back: losses, positions found in them, their spread, and the scales they are told in."""

import csv
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.config import LossConfig
from tfuq.measures.landmark import Ellipse, landmark_measures
from tfuq.measures.reducers import LandmarkSamples
from tfuq.networks.losses import (
    gaussian_heatmaps,
    heatmap_cross_entropy,
    heatmap_mse,
    make_heatmap_loss,
)

NOWHERE = [math.nan, math.nan]
LOSSES = {"heatmap-mse": heatmap_mse, "heatmap-cross-entropy": heatmap_cross_entropy}


def random_batch(landmarks=3, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.uniform(1, 8, (2, landmarks, 2)).astype(np.float32)
    return points, rng.normal(size=(2, 9, 12, landmarks)).astype(np.float32)


def test_heatmaps_are_gaussians_of_peak_one_in_x_and_y():
    points, _ = random_batch()
    found = gaussian_heatmaps(tf.constant(points), (9, 12), 1.5).numpy()
    for n in range(2):
        for k in range(3):
            np.testing.assert_allclose(
                found[n, ..., k], references.gaussian_heatmap(points[n, k], (9, 12), 1.5), atol=1e-6
            )
    exact = gaussian_heatmaps(tf.constant([[[7.0, 2.0]]]), (9, 12), 2.0).numpy()[0, ..., 0]
    assert exact[2, 7] == exact.max() == 1
    assert exact[2, 9] == pytest.approx(math.exp(-0.5))


@pytest.mark.parametrize("name", LOSSES)
def test_losses_against_the_reference(name):
    points, outputs = random_batch()
    points[0, 1] = NOWHERE
    found = make_heatmap_loss(LossConfig(name=name, heatmap_sigma=1.5))(
        tf.constant(points), tf.constant(outputs)
    )
    for n in range(2):
        expected = [
            references.heatmap_loss(name, points[n, k], outputs[n, ..., k], 1.5) for k in range(3)
        ]
        assert found.numpy()[n] == pytest.approx(np.nanmean(expected), rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_a_missing_landmark_is_as_if_it_were_not_asked_for(name):
    points, outputs = random_batch()
    points[:, 1] = NOWHERE
    variable = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        loss = LOSSES[name](tf.constant(points), variable, 1.5)
    gradient = tape.gradient(loss, variable).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[..., 1].any()
    assert gradient[..., [0, 2]].any((0, 1, 2)).all()
    without = LOSSES[name](tf.constant(points[:, [0, 2]]), tf.constant(outputs[..., [0, 2]]), 1.5)
    np.testing.assert_allclose(loss, without, rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_an_image_without_landmarks_costs_nothing(name):
    points, outputs = random_batch()
    loss = LOSSES[name](tf.constant(np.full_like(points, np.nan)), tf.constant(outputs), 1.5)
    np.testing.assert_array_equal(loss, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_networks_learn_where_landmarks_are(name, tfuq, tmp_path):
    changes = (
        f"data.root={tmp_path / 'data'}",
        f"training.loss.name={name}",
        "training.epochs=24",
        "network.level_dropout={}",
    )
    options = [word for change in changes for word in ("-o", change)]
    result = tfuq(
        "train", "cephalogram", "--method", "deterministic", *options, "--run", tmp_path / "run"
    )
    assert result.exit_code == 0, result.output
    with (tmp_path / "run" / "members" / "0" / "history.csv").open() as file:
        errors = [float(row["val_radial_error"]) for row in csv.DictReader(file)]
    assert errors[-1] < errors[0] / 2


def test_the_cross_entropy_of_its_own_target_is_the_entropy():
    g = references.gaussian_heatmap((4.3, 5.1), (9, 12), 1.5)
    g = g / g.sum()
    loss = heatmap_cross_entropy(
        tf.constant([[[4.3, 5.1]]]), tf.constant(np.log(g)[None, ..., None], tf.float32), 1.5
    )
    assert loss.numpy()[0] == pytest.approx(-(g * np.log(g)).sum(), rel=1e-5)


def positions(heatmaps, sigma=2.0):
    """What `LandmarkSamples` makes of heatmaps ``[T, N, rows, columns, L]``."""
    reducer, count = LandmarkSamples(sigma), tf.constant(len(heatmaps))
    state = reducer.initialize(heatmaps.shape[1:], count)
    for t, p in enumerate(heatmaps):
        state = reducer.update(state, tf.constant(p, tf.float32), tf.constant(t))
    return reducer.finalize(state, count)["landmarks"].numpy()


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_a_gaussians_centre_is_found_within_the_image_and_at_its_borders(sigma):
    rows, columns = 24, 33
    rng = np.random.default_rng(0)
    inside = rng.uniform((0, 0), (columns - 1, rows - 1), (60, 2))
    corners = [
        [0, 0],
        [columns - 1, 0],
        [-0.4, 12.3],
        [columns - 0.6, 5],
        [15.5, -0.4],
        [0.4, rows - 0.6],
    ]
    centres = np.concatenate([inside, corners, [[3.5, 2.5], [10.5, 11.5]]])
    found = positions(
        gaussian_heatmaps(tf.constant(centres[None], tf.float32), (rows, columns), sigma).numpy()[
            None
        ],
        sigma,
    )
    np.testing.assert_allclose(found[0, 0, :, :2], centres, atol=1e-4)
    np.testing.assert_allclose(found[0, 0, :, 2], 1, atol=0.35)


def test_scale_and_a_flat_floor_below_zero_do_not_move_the_centre():
    centre = tf.constant([[[10.3, 7.8]]])
    heatmap = gaussian_heatmaps(centre, (24, 33), 2.0).numpy()[None]
    for changed in (0.01 * heatmap, heatmap - 0.02):
        np.testing.assert_allclose(positions(changed)[0, 0, 0, :2], [10.3, 7.8], atol=0.1)


def test_a_map_that_is_nowhere_positive_gives_its_maximum():
    heatmaps = -1 - np.random.default_rng(0).random((1, 2, 9, 12, 3))
    found = positions(heatmaps)
    for n in range(2):
        for k in range(3):
            y, x = np.unravel_index(heatmaps[0, n, ..., k].argmax(), (9, 12))
            np.testing.assert_array_equal(found[n, 0, k, :2], [x, y])
            assert found[n, 0, k, 2] == pytest.approx(heatmaps[0, n, ..., k].max())
    np.testing.assert_array_equal(positions(np.zeros((1, 1, 9, 12, 1)))[0, 0, 0], 0)


def test_any_map_gives_a_position_in_the_image_and_samples_keep_their_order():
    heatmaps = np.random.default_rng(1).normal(size=(5, 2, 9, 12, 4))
    found = positions(heatmaps)
    assert found.shape == (2, 5, 4, 3)
    assert (found[..., :2] >= -0.5).all()
    assert (found[..., :2] <= [11.5, 8.5]).all()
    for t in range(5):
        np.testing.assert_array_equal(found[:, t], positions(heatmaps[t : t + 1])[:, 0])
        np.testing.assert_allclose(found[:, t, :, 2], heatmaps[t].max((1, 2)), rtol=1e-6)


@pytest.mark.parametrize("mm", [None, np.array([0.1, 0.1]), np.array([0.2, 0.5])])
def test_measures_against_the_reference(mm):
    rng = np.random.default_rng(3)
    points = rng.normal(size=(7, 2)) @ rng.normal(size=(2, 2)) + 40
    row = landmark_measures(points, activations := rng.random(7), mm)
    expected = references.landmark_spread(points) | {
        "x": points[:, 0].mean(),
        "y": points[:, 1].mean(),
    }
    if mm is not None:
        expected |= {
            f"{name}_mm": value for name, value in references.landmark_spread(points * mm).items()
        }
        expected |= {"x_mm": points[:, 0].mean() * mm[0], "y_mm": points[:, 1].mean() * mm[1]}
    expected |= {"max_activation": activations.mean()}
    ellipse = {name: row.pop(name) for name in list(row) if name.startswith("ellipse")}
    assert set(row) == set(expected)
    for name, value in expected.items():
        assert row[name] == pytest.approx(value), name
    assert ellipse["ellipse_long"] >= ellipse["ellipse_short"] >= 0


def test_a_known_ellipse_holds_95_percent():
    turn = np.deg2rad(30)
    axes = np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )  # along, across; y down
    draws = np.random.default_rng(0).normal(size=(200_000, 2)) * [3, 1] @ axes
    row = landmark_measures(draws, np.ones(len(draws)), None)
    assert row["ellipse_degrees"] == pytest.approx(30, abs=0.3)
    assert row["ellipse_long"] == pytest.approx(3 * 2.4477, rel=0.01)
    assert row["ellipse_short"] == pytest.approx(2.4477, rel=0.01)
    along, across = (draws @ axes.T / [row["ellipse_long"], row["ellipse_short"]]).T
    assert (along**2 + across**2 <= 1).mean() == pytest.approx(0.95, abs=0.003)


@pytest.mark.parametrize("samples", [3, 4, 5, 8, 20])
def test_few_samples_have_an_ellipse_that_holds_95_percent_of_further_ones(samples):
    """χ²'s quantile of the covariance over T, as it was, held 0.63 at T = 5."""
    rng, mix, repeats = np.random.default_rng(samples), np.array([[3.0, 1.0], [0.0, 0.7]]), 3000
    drawn = rng.normal(size=(repeats, samples, 2)) @ mix
    further = rng.normal(size=(repeats, 2)) @ mix
    held = []
    for points, new in zip(drawn, further, strict=True):
        row = landmark_measures(points, np.ones(samples), None)
        ellipse = Ellipse(
            long=row["ellipse_long"],
            short=row["ellipse_short"],
            degrees=row["ellipse_degrees"],
        )
        held.append(ellipse.holds(new - points.mean(0)))
    assert np.mean(held) == pytest.approx(0.95, abs=0.013)  # 3 standard errors


def test_samples_on_a_line_or_in_a_point_have_an_ellipse_too():
    line = landmark_measures(np.array([[0.0, 0], [2, -2], [1, -1]]), np.ones(3), None)
    assert (line["ellipse_degrees"], line["ellipse_short"]) == (
        pytest.approx(135),
        pytest.approx(0, abs=1e-6),
    )
    point = landmark_measures(np.ones((3, 2)), np.ones(3), None)
    assert (point["variance"], point["ellipse_long"], point["ellipse_short"]) == (0, 0, 0)
    no_spread = Ellipse(long=0.0, short=0.0, degrees=0.0)
    assert no_spread.holds(np.zeros(2))
    assert not no_spread.holds(np.array([0.0, 1e-3]))
    assert set(landmark_measures(np.ones((1, 2)), np.ones(1), None)) == {"x", "y", "max_activation"}
    two = landmark_measures(np.array([[0.0, 0], [2, -2]]), np.ones(2), None)
    assert "covariance_xx" in two
    assert not any(name.startswith("ellipse") for name in two)
