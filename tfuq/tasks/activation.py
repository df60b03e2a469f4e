"""How a task makes a sample from a network's outputs."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
import tf_keras

# Makes a sample from a network's outputs, the seed of noise, and the coordinates in their volumes
# at which the outputs begin (int32, [N, rank] or [1, rank]).
Activation = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def channels_of_sample(model: tf_keras.Model, activation: Activation) -> int:
    """Channels of what an activation makes of a network's output.

    Args:
        model: ``(image, seed) → outputs``.
        activation: makes a sample of them.
    """
    outputs = tf.TensorSpec([1, *model.outputs[0].shape[1:]])
    rank = len(model.inputs[0].shape) - 2
    seed = tf.TensorSpec([2], tf.int32)
    corner = tf.TensorSpec([1, rank], tf.int32)
    traced = tf.function(activation, autograph=False).get_concrete_function(outputs, seed, corner)
    return int(traced.output_shapes[-1])
