"""Layers of a latent code: moments of each pixel, the code, and the code at every pixel."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers.seeded_weights import WIDTH_VARIABLE, untransformed
from tfuq.networks.layers.seeds import fold_in, layer_salt, standard_normal

_LEAST_WIDTH = 1e-12  # its logarithm is finite


def gaussian_kl(mean: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """KL(N(mean, width²) ‖ N(0, 1)) in nats, summed over the last axis."""
    squares = tf.square(width) + tf.square(mean)
    return tf.reduce_sum(
        (squares - 1.0) / 2.0 - tf.math.log(width),
        axis=-1,
    )


def mean_and_width(
    inputs: tf.Tensor,
    offset: float | tf.Tensor = 0.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Read channels as means and standard deviations.

    Args:
        inputs: ``[…, 2C]``.
        offset: added to the second half of the channels before softplus.

    Returns:
        The first C channels, and softplus of the others: ``[…, C]`` each.
    """
    mean, raw_width = tf.split(inputs, 2, axis=-1)
    return mean, tf.math.softplus(raw_width + offset)


class PixelMoments(tf_keras.layers.Layer):
    """``[N, *S, 2C]`` as a mean and a standard deviation of C channels each, side by side."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.concat(mean_and_width(inputs), axis=-1)


class LatentCode(tf_keras.layers.Layer):
    """A code ``[N, Z]`` from N(mean, width²), whose moments are the inputs ``[N, 2Z]``.

    The code is mean + width · ε, with ε standard normal from ``seed`` (reparameterization). Without
    a seed, it is its mean. In training each example has its own ε, and the layer adds KL(code ‖
    N(0, 1)), averaged over the examples, to the losses.

    References:
        Kingma & Welling 2014, Auto-encoding variational Bayes.
    """

    def __init__(self, *, kl_scale: float, initial_scale: float, **kwargs: Any) -> None:
        """Make the layer.

        Args:
            kl_scale: factor on the KL divergence: 1 / (voxels of an example) where the likelihood
                is averaged over voxels.
            initial_scale: width of the code at the start, for inputs of mean zero. A narrow width
                lets the network learn the means first. It is a variable, so that the optimizer
                moves the widths of all codes together (see `tfuq.training.optimizer`).
            **kwargs: arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.kl_scale = kl_scale
        self.initial_scale = initial_scale

    def build(self, input_shape: tf.TensorShape) -> None:
        start = tf_keras.initializers.Constant(untransformed(self.initial_scale))
        self._offset = self.add_weight(name=WIDTH_VARIABLE, shape=(), initializer=start)
        super().build(input_shape)

    def call(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        mean, width = mean_and_width(inputs, self._offset)
        if training:
            divergence = gaussian_kl(mean, tf.maximum(width, _LEAST_WIDTH))
            self.add_loss(self.kl_scale * tf.reduce_mean(divergence))
        if seed is None:
            return mean
        shape = tf.TensorShape([1, mean.shape[-1]])
        if training:
            shape = tf.shape(mean)
        normal = standard_normal(shape, fold_in(seed, layer_salt(self.name)))
        return mean + width * normal


class Broadcast(tf_keras.layers.Layer):
    """A code ``[N, Z]`` at every pixel of a map ``[N, *S, C]``: ``[N, *S, Z]``."""

    def call(self, code: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        space = like.shape[1:-1]
        single_pixel = [1] * len(space)
        pixel = tf.reshape(
            code,
            [-1, *single_pixel, code.shape[-1]],
        )
        return tf.tile(pixel, [1, *space, 1])
