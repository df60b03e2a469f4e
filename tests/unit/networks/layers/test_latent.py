"""Layers of a latent code."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.networks.layers import untransformed
from tfuq.networks.layers.latent import (
    Broadcast,
    LatentCode,
    PixelMoments,
    gaussian_kl,
    mean_and_width,
)

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def test_kl_of_the_code_is_scaled_averaged_and_matches_the_reference():
    rng = np.random.default_rng(0)
    mean, raw = rng.normal(size=(2, 4, 3)).astype(np.float32)
    width = np.log1p(np.exp(raw) * np.float32(np.expm1(0.2)))
    expected = [references.code_kl(m, w) for m, w in zip(mean, width, strict=True)]
    np.testing.assert_allclose(gaussian_kl(mean, width), expected, rtol=1e-4)
    layer = LatentCode(kl_scale=0.01, initial_scale=0.2, name="code")
    inputs = np.concatenate([mean, raw], -1)
    layer(inputs, seed=SEED)
    assert layer.losses == []
    layer(inputs, seed=SEED, training=True)
    assert float(sum(layer.losses)) == pytest.approx(0.01 * np.mean(expected), rel=1e-4)


def test_code_is_one_draw_for_all_in_prediction_and_one_for_each_in_training():
    inputs = np.tile(np.array([[1.0, -2.0, 0.5, 3.0]], np.float32), (5, 1))
    layer = LatentCode(kl_scale=1.0, initial_scale=0.2, name="code")
    once = layer(inputs, seed=SEED).numpy()
    np.testing.assert_array_equal(once, layer(inputs, seed=SEED))
    np.testing.assert_allclose(once, np.repeat(once[:1], 5, 0), atol=1e-6)
    assert not np.allclose(once, layer(inputs, seed=OTHER))
    trained = layer(inputs, seed=SEED, training=True).numpy()
    assert len(np.unique(trained[:, 0])) == 5
    np.testing.assert_array_equal(layer(inputs), inputs[:, :2])
    width = np.log1p(np.exp([0.5, 3.0]) * np.expm1(0.2))
    assert float(
        gaussian_kl(*mean_and_width(tf.zeros([1, 2]), untransformed(0.2)))[0]
    ) == pytest.approx(references.code_kl([0], [0.2]), rel=1e-4)
    drawn = tf.function(lambda seed: layer(inputs[:1], seed=seed)[0], autograph=False)
    many = np.array([drawn(tf.constant([7, i])) for i in range(2000)])
    assert (abs(many.mean(0) - [1.0, -2.0]) < 4 * width / 2000**0.5).all()
    np.testing.assert_allclose(many.std(0), width, rtol=0.06)


def test_moments_of_a_pixel_are_a_mean_and_a_width():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 6)).astype(np.float32)
    found = PixelMoments()(tf.constant(x)).numpy()
    np.testing.assert_array_equal(found[..., :3], x[..., :3])
    np.testing.assert_allclose(found[..., 3:], np.log1p(np.exp(x[..., 3:])), rtol=1e-5)


@pytest.mark.parametrize("space", [(3, 2), (2, 3, 2)])
def test_a_code_is_the_same_at_every_pixel(space):
    code = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    found = Broadcast()(tf.constant(code), tf.zeros([2, *space, 5])).numpy()
    assert found.shape == (2, *space, 2)
    np.testing.assert_array_equal(
        found.reshape(2, -1, 2), np.repeat(code[:, None], np.prod(space), 1)
    )
