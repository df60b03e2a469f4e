"""Variational layers, and what they build on in TensorFlow Probability."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

from tfuq.networks.layers import SeededDropout
from tfuq.networks.layers.variational import (
    GaussianPosterior,
    VariationalConv2D,
    VariationalDense,
)

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def variational(estimator="flipout", kl_scale=1.0, scale=0.3):
    posterior = GaussianPosterior(initial_scale=scale, kl_scale=kl_scale, estimator=estimator)
    layer = VariationalConv2D(5, 3, padding="same", name="conv", **posterior.arguments())
    layer.build((None, 8, 8, 3))
    return layer


def test_variational_layer_predicts_with_one_kernel_and_trains_with_flipped_signs():
    layer, x = variational(), tf.tile(tf.random.stateless_normal([1, 8, 8, 3], SEED), [4, 1, 1, 1])
    drawn = layer(x, seed=SEED).numpy()
    np.testing.assert_array_equal(drawn, layer(x, seed=SEED))
    assert (drawn == drawn[:1]).all()
    assert not np.allclose(drawn, layer(x, seed=OTHER))
    flipped = layer(x, seed=SEED, training=True).numpy()
    np.testing.assert_array_equal(flipped, layer(x, seed=SEED, training=True))
    assert not np.allclose(flipped[0], flipped[1])
    shared = variational("reparameterization")
    shared.set_weights(layer.get_weights())
    np.testing.assert_array_equal(shared(x, seed=SEED, training=True), drawn)


def test_flipout_draws_from_the_same_distribution_as_reparameterization():
    layer, x = variational(), tf.random.stateless_normal([1, 8, 8, 3], SEED)
    seeds = [tf.constant([9, i]) for i in range(400)]
    flipped = tf.function(lambda s: layer(x, seed=s, training=True)[0, 4, 4], autograph=False)
    drawn = tf.function(lambda s: layer(x, seed=s)[0, 4, 4], autograph=False)
    one = np.stack([flipped(seed) for seed in seeds])
    two = np.stack([drawn(seed) for seed in seeds])
    mean = layer(x)[0, 4, 4]
    np.testing.assert_allclose(one.mean(0), mean, atol=4 * one.std() / 20)
    np.testing.assert_allclose(one.std(0), two.std(0), rtol=0.15)


def test_width_to_zero_and_rate_zero_are_deterministic():
    narrow, x = variational(scale=1e-12), tf.random.stateless_normal([2, 8, 8, 3], SEED)
    for training in (False, True):
        np.testing.assert_allclose(narrow(x, seed=SEED, training=training), narrow(x), atol=1e-5)
    np.testing.assert_array_equal(SeededDropout(0.0, name="d")(x, seed=SEED), x)


def test_kl_is_scaled_added_in_training_only_and_matches_the_closed_form():
    x = tf.zeros([1, 8, 8, 3])
    layer = variational(kl_scale=0.01)
    layer(x, seed=SEED)
    assert layer.losses == []
    layer(x, seed=SEED, training=True)
    mean, rho = (v.numpy().astype(float) for v in layer.weights[:2])
    sigma = np.log1p(np.exp(rho))
    expected = 0.01 * np.sum(-np.log(sigma) + (sigma**2 + mean**2 - 1) / 2)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)
    assert sigma.mean() == pytest.approx(0.3, rel=1e-5)


def test_dense_layer_agrees_with_its_kernel():
    layer = VariationalDense(4, name="dense", **GaussianPosterior(initial_scale=0.5).arguments())
    x = tf.random.stateless_normal([3, 6], SEED)
    np.testing.assert_allclose(layer(x), x @ layer.weights[0], atol=1e-5)
    assert not np.allclose(layer(x, seed=SEED), layer(x))
    flipped = layer(tf.tile(x[:1], [8, 1]), seed=SEED, training=True).numpy()
    assert not np.allclose(flipped[0], flipped[1])


def flipout(**options):
    model = tf_keras.Sequential([tf_keras.Input((6,)), tfp.layers.DenseFlipout(3, **options)])
    model(tf.ones([1, 6]))
    return model


@pytest.mark.filterwarnings("ignore")
def test_upstream_keras_formats_fail_for_tfp_layers(tmp_path):
    layer = flipout().layers[0]
    with pytest.raises((TypeError, ValueError, NotImplementedError, AttributeError)):
        tf_keras.Sequential.from_config(
            tf_keras.models.model_from_json(flipout().to_json()).get_config()
        )
    assert callable(layer.kernel_posterior_fn)


def test_upstream_kl_is_added_on_every_call_unscaled():
    model = flipout()
    model(tf.ones([1, 6]))
    layer = model.layers[0]
    expected = tfp.distributions.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
    np.testing.assert_allclose(sum(model.losses), expected, rtol=1e-5)


def test_upstream_one_call_draws_one_kernel_for_the_batch():
    layer = tfp.layers.DenseReparameterization(3)
    out = layer(tf.ones([5, 6])).numpy()
    assert (out == out[:1]).all()


def test_upstream_seed_argument_does_not_fix_the_kernel():
    layer = tfp.layers.DenseFlipout(3, seed=7)
    x = tf.ones([1, 6])
    assert not np.allclose(layer(x), layer(x))


def test_upstream_stateless_seed_reaches_the_kernel_through_the_posterior_tensor_fn():
    layer = tfp.layers.DenseReparameterization(
        3, kernel_posterior_tensor_fn=lambda q: q.sample(seed=SEED)
    )
    x = tf.ones([1, 6])
    np.testing.assert_array_equal(layer(x), layer(x))


def test_a_kernel_of_a_seed_is_what_the_layer_predicts_with():
    layer, x = variational(), tf.random.stateless_normal([2, 8, 8, 3], SEED)
    kernel, bias = layer.weights_at(SEED, layer.width)
    by_hand = tf.nn.conv2d(x, kernel, 1, "SAME") + bias
    np.testing.assert_allclose(layer(x, seed=SEED), by_hand, atol=1e-5)
    np.testing.assert_array_equal(layer(x, seed=SEED, width=layer.width), layer(x, seed=SEED))
    np.testing.assert_allclose(layer.width, np.full((3, 3, 3, 5), 0.3), rtol=1e-5)
