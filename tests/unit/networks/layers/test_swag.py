"""Layers with Gaussian weights whose covariance has a part of low rank."""

import numpy as np
import pytest
import tensorflow as tf

from tfuq.networks.layers.swag import SwagPosterior

SEED = tf.constant([1, 2])


def random_layer(layer, shape, scale=0.1):
    """The layer with random means, scales and deviations."""
    layer.build((None, *shape))
    rng = np.random.default_rng(0)
    for variable in layer.weights:
        values = rng.normal(size=variable.shape) * scale
        if variable.name.endswith("_scale:0"):
            values = np.abs(values)
        variable.assign(values)
    return layer


def dense(name="dense", columns=3):
    return random_layer(SwagPosterior(deviations=columns).dense(2, name=name), [4])


def test_weights_have_the_covariance_of_the_gaussian():
    layer = dense()
    count = 4000

    @tf.function(autograph=False)
    def weights(seed):
        kernel, bias = layer.weights_at(seed, layer.width)
        return tf.concat([tf.reshape(kernel, [-1]), bias], 0)

    seeds = tf.stack([tf.constant([7, number]) for number in range(count)])
    drawn = np.stack([weights(seed) for seed in seeds])
    scale = np.concatenate([np.ravel(layer.kernel_scale), layer.bias_scale])
    columns = np.concatenate(
        [np.reshape(layer.kernel_deviations, [3, -1]), layer.bias_deviations], axis=1
    )
    covariance = np.diag(scale**2) + columns.T @ columns
    mean = np.concatenate([np.ravel(layer.kernel), layer.bias])
    spread = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(drawn.mean(0), mean, atol=4 * spread.max() / np.sqrt(count))
    products = np.outer(spread, spread)
    np.testing.assert_allclose(np.cov(drawn.T) / products, covariance / products, atol=0.08)


def test_layers_vary_together():
    """Without scales of their own, the numbers u of one layer give the weights of another."""
    first, second = dense("one"), dense("two")
    for layer in (first, second):
        layer.kernel_scale.assign(tf.zeros_like(layer.kernel_scale))
    columns = np.reshape(first.kernel_deviations, [3, -1])
    kernel, _ = first.weights_at(SEED, first.width)
    common, *_ = np.linalg.lstsq(columns.T, np.ravel(kernel - first.kernel), rcond=None)
    expected = second.kernel + np.tensordot(common, second.kernel_deviations, 1)
    found, _ = second.weights_at(SEED, second.width)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_convolution_is_that_of_its_weights(rank):
    posterior = SwagPosterior(deviations=2)
    made = posterior.conv(3, 3, rank=rank, name="conv", padding="same", activation="relu")
    layer = random_layer(made, [*[6] * rank, 2])
    images = tf.random.stateless_normal([2, *[6] * rank, 2], SEED)
    for seed in (None, SEED):
        kernel, bias = layer.means
        if seed is not None:
            kernel, bias = layer.weights_at(seed, layer.width)
        expected = tf.nn.relu(tf.nn.convolution(images, kernel, padding="SAME") + bias)
        np.testing.assert_allclose(layer(images, seed=seed), expected, atol=1e-6)


def test_a_gaussian_of_no_width_is_a_point():
    layer = dense()
    for variable in layer.weights:
        if "_scale" in variable.name or "_deviations" in variable.name:
            variable.assign(tf.zeros_like(variable))
    x = tf.random.stateless_normal([5, 4], SEED)
    np.testing.assert_array_equal(layer(x, seed=SEED), layer(x))
