"""A network whose layers are called again without one of their arguments."""

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.networks.layers import SeededDropout
from tfuq.networks.rebuilt import output_without

SEED = tf.constant([1, 2])


def test_layers_are_called_without_the_tensor_and_share_their_variables():
    image = tf_keras.Input([4])
    seed = tf_keras.Input(batch_shape=[2], dtype=tf.int32)
    dense = tf_keras.layers.Dense(3)
    model = tf_keras.Model([image, seed], SeededDropout(0.5)(dense(image), seed=seed))
    rebuilt = tf_keras.Model([image, seed], output_without(model, seed))
    x = tf.ones([2, 4])
    np.testing.assert_array_equal(rebuilt([x, SEED]), dense(x))
    assert {id(v) for v in rebuilt.weights} == {id(v) for v in dense.weights}


def test_what_the_tensor_is_made_of_is_not_called():
    image = tf_keras.Input([4])
    seed = tf_keras.Input(batch_shape=[2], dtype=tf.int32)
    before = tf_keras.layers.Dense(2, activation="relu")
    derived = tf_keras.layers.Lambda(lambda found: tf.cast(found[:2, 0], tf.int32))(before(image))
    model = tf_keras.Model([image, seed], SeededDropout(0.5)(image, seed=derived))
    rebuilt = tf_keras.Model(image, output_without(model, derived))
    assert rebuilt.weights == []
    np.testing.assert_array_equal(rebuilt(tf.ones([2, 4])), tf.ones([2, 4]))
