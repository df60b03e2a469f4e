"""Dropout: one mask a seed, or a mask that belongs to places."""

import numpy as np
import tensorflow as tf

from tfuq.networks.layers import bits_at, fold_in, layer_salt
from tfuq.networks.layers.dropout import SeededDropout

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def test_dropout_draws_one_mask_per_seed_and_one_per_example_in_training():
    layer, x = SeededDropout(0.5, name="drop"), tf.ones([6, 8, 8, 4])
    once = layer(x, seed=SEED).numpy()
    np.testing.assert_array_equal(once, layer(x, seed=SEED))
    assert (once == once[:1]).all()
    assert not np.array_equal(once, layer(x, seed=OTHER))
    assert not np.array_equal(once, SeededDropout(0.5, name="other")(x, seed=SEED))
    assert set(np.unique(once)) == {0.0, 2.0}
    assert abs(once.mean() - 1) < 0.2
    trained = layer(x, seed=SEED, training=True).numpy()
    assert not (trained == trained[:1]).all()
    np.testing.assert_array_equal(layer(x), x)
    channels = SeededDropout(0.5, spatial=True, name="drop")(x, seed=SEED).numpy()
    assert (channels == channels[:, :1, :1]).all()


def at(*corner):
    return tf.constant([corner], tf.int32)


def test_dropout_by_place_has_its_rate_and_its_corner():
    layer, x = SeededDropout(0.3, name="drop"), tf.ones([3, 8, 6, 2])
    corner = tf.constant([[0, 0], [4, 2], [4, 2]])
    found = layer(x, seed=SEED, corner=corner).numpy()
    expected = (
        bits_at(corner, (8, 6), fold_in(SEED, layer_salt("drop")), channels=2).numpy() / 2**32
        >= 0.3
    )
    np.testing.assert_allclose(found, expected / 0.7, rtol=1e-6)
    np.testing.assert_array_equal(found[0, 4:, 2:], found[1, :4, :4])
    np.testing.assert_array_equal(found[1], found[2])
    np.testing.assert_array_equal(layer(x, seed=SEED), layer(x, seed=SEED, corner=at(0, 0)))
