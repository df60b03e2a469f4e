"""Layers about a latent code: per-pixel moments, the code drawn from its Gaussian, the code brought to every pixel."""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from tfuq.layers.seeds import fold_in, layer_salt, standard_normal
from tfuq.layers.variational import WIDTH_VARIABLE, untransformed


def gaussian_kl(mean: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """KL(N(mean, width²) ‖ N(0, 1)) in nats, summed over the last axis."""
    return tf.reduce_sum((tf.square(width) + tf.square(mean) - 1.0) / 2.0 - tf.math.log(width), axis=-1)


def mean_and_width(inputs: tf.Tensor, offset: float | tf.Tensor = 0.0) -> tuple[tf.Tensor, tf.Tensor]:
    """Of ``[…, 2C]``, the first C channels, and softplus of the others plus ``offset``."""
    mean, raw = tf.split(inputs, 2, axis=-1)
    return mean, tf.math.softplus(raw + offset)


class PixelMoments(tf_keras.layers.Layer):
    """``[N, *S, 2C]`` as a mean and a standard deviation of C channels each, side by side."""

    def call(self, inputs):
        return tf.concat(mean_and_width(inputs), axis=-1)


class LatentCode(tf_keras.layers.Layer):
    """``[N, 2Z]`` → a code ``[N, Z]`` from N(mean, width²), drawn from ``seed`` by reparameterization (Kingma & Welling 2014).

    Without a seed the code is its mean. In training each example has its own draw, and KL(code ‖ N(0, 1)), averaged over the
    examples, is added to the losses times ``kl_scale``: 1 / (voxels of an example) where the likelihood is averaged over voxels.
    ``initial_scale`` is the width that inputs of zero mean at the start: a narrow one lets the means be learnt first. It is a
    variable, so that the optimizer moves the widths of all codes together (see `tfuq.training.optimizer`).
    """

    def __init__(self, *, kl_scale: float, initial_scale: float, **kwargs):
        super().__init__(**kwargs)
        self.kl_scale, self.initial_scale = kl_scale, initial_scale

    def build(self, input_shape):
        start = tf_keras.initializers.Constant(untransformed(self.initial_scale))
        self._offset = self.add_weight(name=WIDTH_VARIABLE, shape=(), initializer=start)
        super().build(input_shape)

    def call(self, inputs, seed=None, training=None):
        mean, width = mean_and_width(inputs, self._offset)
        if training:
            self.add_loss(self.kl_scale * tf.reduce_mean(gaussian_kl(mean, tf.maximum(width, _LEAST_WIDTH))))
        if seed is None:
            return mean
        shape = tf.shape(mean) if training else tf.TensorShape([1, mean.shape[-1]])
        return mean + width * standard_normal(shape, fold_in(seed, layer_salt(self.name)))


_LEAST_WIDTH = 1e-12  # whose logarithm is finite


class Broadcast(tf_keras.layers.Layer):
    """A code ``[N, Z]`` at every pixel of a map ``[N, *S, C]``: ``[N, *S, Z]``."""

    def call(self, code, like):
        space = like.shape[1:-1]
        flat = tf.reshape(code, [-1, *[1] * len(space), code.shape[-1]])
        return tf.tile(flat, [1, *space, 1])
