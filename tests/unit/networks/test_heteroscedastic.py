"""Networks that predict their own noise: integration over it, and the loss of positions."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from tests.support import references
from tfuq.measures.reducers import LandmarkSamples
from tfuq.networks.heatmap_losses import heatmap_mse
from tfuq.networks.heteroscedastic import (
    integrated_log_probabilities,
    position_loss,
    prediction_noise,
    training_noise,
    with_position_loss,
    without_noise,
)
from tfuq.networks.losses import log_probabilities

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def outputs(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_integration_over_noise_against_the_reference():
    x = outputs(2, 3, 4, 6)
    noise = outputs(5, 1, 3, 4, 3, seed=1)
    found = np.exp(integrated_log_probabilities(tf.constant(x), tf.constant(noise)))
    for n, i, j in np.ndindex(2, 3, 4):
        mean, width = x[n, i, j, :3], np.log1p(np.exp(x[n, i, j, 3:]))
        np.testing.assert_allclose(
            found[n, i, j], references.integrated_softmax(mean, width, noise[:, 0, i, j]), atol=1e-5
        )


def test_a_binary_integral_converges_to_quadrature():
    mean, raw = 1.3, 1.0
    width = math.log1p(math.exp(raw))
    exact, _ = integrate.quad(
        lambda e: stats.norm.pdf(e) / (1 + math.exp(-(mean + width * e))), -9, 9
    )
    x = tf.tile(tf.constant([[[mean, raw]]]), [1, 50, 1])
    noise = prediction_noise(x, SEED, 1000, tf.zeros([1, 1], tf.int32))
    found = np.exp(integrated_log_probabilities(x, noise))[0, :, 1].mean()
    assert found == pytest.approx(exact, abs=0.005)
    assert abs(1 / (1 + math.exp(-mean)) - exact) > 0.02  # it is not the probability of the mean


def test_no_noise_is_the_plain_network():
    logits = tf.constant(outputs(2, 5, 3))
    found = integrated_log_probabilities(without_noise(logits), tf.constant(outputs(7, 2, 5, 3)))
    np.testing.assert_allclose(found, log_probabilities(logits), atol=1e-6)


def test_noise_is_one_for_all_in_prediction_and_one_for_each_in_training():
    x, corner = tf.tile(tf.constant(outputs(1, 6, 4)), [3, 1, 1]), tf.zeros([1, 1], tf.int32)
    drawn = prediction_noise(x, SEED, 4, corner)
    assert drawn.shape == (4, 1, 6, 2)
    np.testing.assert_array_equal(drawn, prediction_noise(x, SEED, 4, corner))
    assert not np.allclose(drawn, prediction_noise(x, OTHER, 4, corner))
    np.testing.assert_array_equal(drawn[:, :, 2:], prediction_noise(x[:, :4], SEED, 4, corner + 2))
    trained = training_noise(x, SEED, 4)
    assert trained.shape == (4, 3, 6, 2)
    np.testing.assert_array_equal(trained, training_noise(x, SEED, 4))
    assert not np.allclose(trained[:, 0], trained[:, 1])


def test_position_loss_against_the_reference():
    heatmaps, log_variances = outputs(2, 9, 7, 3), outputs(2, 9, 7, 3, seed=1)
    points = np.array(
        [[[1.0, 2.0], [5.5, 3.25], [math.nan, math.nan]], [[0.0, 8.0], [6.0, 0.0], [3.0, 3.0]]],
        np.float32,
    )
    x = tf.constant(np.concatenate([heatmaps, log_variances], -1))
    found = position_loss(tf.constant(points), x, 1.0, tf.identity).numpy()
    peaks = LandmarkSamples(1.0).peaks(tf.constant(heatmaps)).numpy()
    for n in range(2):
        expected = references.position_loss(points[n], heatmaps[n], log_variances[n], peaks[n])
        assert found[n] == pytest.approx(expected, rel=1e-4)
    loss = with_position_loss(lambda p, h: heatmap_mse(p, h, 1.0), 1.0, 0.5, tf.identity)
    both = loss(tf.constant(points), x)
    np.testing.assert_allclose(
        both, heatmap_mse(tf.constant(points), tf.constant(heatmaps), 1.0) + 0.5 * found, rtol=1e-5
    )


def test_position_loss_is_least_at_the_squared_error_and_leaves_heatmaps_alone():
    heatmaps, points = outputs(1, 8, 8, 1), tf.constant([[[6.0, 2.0]]])
    peak = LandmarkSamples(1.0).peaks(tf.constant(heatmaps)).numpy()[0, 0, :2]
    best = math.log(((peak - [6.0, 2.0]) ** 2).sum() / 2)
    x = tf.Variable(np.concatenate([heatmaps, np.full_like(heatmaps, best)], -1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(position_loss(points, x, 1.0, tf.identity))
    np.testing.assert_allclose(tape.gradient(loss, x), 0, atol=1e-5)
    for change in (-0.3, 0.3):
        changed = x + tf.constant([0.0, change])
        assert tf.reduce_sum(position_loss(points, changed, 1.0, tf.identity)) > loss


def test_positions_are_those_of_the_heatmaps_that_outputs_make():
    y, x = np.ogrid[:20, :24]
    log_gaussian = -((x - 7.8) ** 2 + (y - 9.3) ** 2) / 2
    maps = np.stack([log_gaussian, np.full_like(log_gaussian, 0.5)], axis=-1)
    raw = tf.constant(maps[None], tf.float32)
    points = tf.constant([[[8.8, 8.1]]])
    found = float(position_loss(points, raw, 1.0, tf.exp)[0])
    assert found == pytest.approx((1.0**2 + 1.2**2) / 2 * math.exp(-0.5) + 0.5, abs=1e-4)
