"""Losses of heatmaps."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.config import LossConfig
from tfuq.networks.heatmap_losses import (
    gaussian_heatmaps,
    heatmap_cross_entropy,
    heatmap_mse,
    make_heatmap_loss,
)

NOWHERE = [math.nan, math.nan]
HEATMAP_LOSSES = {"heatmap-mse": heatmap_mse, "heatmap-cross-entropy": heatmap_cross_entropy}


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


@pytest.mark.parametrize("name", HEATMAP_LOSSES)
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


@pytest.mark.parametrize("name", HEATMAP_LOSSES)
def test_a_missing_landmark_is_as_if_it_were_not_asked_for(name):
    points, outputs = random_batch()
    points[:, 1] = NOWHERE
    variable = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        loss = HEATMAP_LOSSES[name](tf.constant(points), variable, 1.5)
    gradient = tape.gradient(loss, variable).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[..., 1].any()
    assert gradient[..., [0, 2]].any((0, 1, 2)).all()
    without = HEATMAP_LOSSES[name](
        tf.constant(points[:, [0, 2]]), tf.constant(outputs[..., [0, 2]]), 1.5
    )
    np.testing.assert_allclose(loss, without, rtol=1e-6)


def test_the_plain_mean_square_of_a_high_heatmap():
    points, outputs = random_batch()
    config = LossConfig(
        name="heatmap-mse", heatmap_sigma=1.5, heatmap_amplitude=1000, heatmap_focus=0
    )
    found = make_heatmap_loss(config)(tf.constant(points), tf.constant(outputs)).numpy()
    for n, of_image in enumerate(points):
        squares = []
        for k, point in enumerate(of_image):
            if np.isfinite(point).all():
                target = 1000 * references.gaussian_heatmap(point, outputs.shape[1:3], 1.5)
                squares.append(np.mean((outputs[n, ..., k] - target) ** 2))
        expected = np.mean(squares) if squares else 0.0
        assert found[n] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", HEATMAP_LOSSES)
def test_an_image_without_landmarks_costs_nothing(name):
    points, outputs = random_batch()
    loss = HEATMAP_LOSSES[name](
        tf.constant(np.full_like(points, np.nan)), tf.constant(outputs), 1.5
    )
    np.testing.assert_array_equal(loss, 0)


def test_the_cross_entropy_of_its_own_target_is_the_entropy():
    g = references.gaussian_heatmap((4.3, 5.1), (9, 12), 1.5)
    g = g / g.sum()
    loss = heatmap_cross_entropy(
        tf.constant([[[4.3, 5.1]]]), tf.constant(np.log(g)[None, ..., None], tf.float32), 1.5
    )
    assert loss.numpy()[0] == pytest.approx(-(g * np.log(g)).sum(), rel=1e-5)
