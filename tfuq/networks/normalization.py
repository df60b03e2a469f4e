"""Group normalization in few operations."""

from __future__ import annotations

import tensorflow as tf
import tf_keras


class GroupNormalization(tf_keras.layers.GroupNormalization):
    """That of tf_keras, whose weights and numbers it has, to the last bit.

    The one of tf_keras weighs every value by a mask, also where there is none. Without it, the
    layer has less than half of the operations, and networks are built sooner.

    Channels are the last axis. Source: Wu & He 2018. With a group for each channel it is instance
    normalization, Ulyanov et al. 2016.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalize the channels of each group.

        Args:
            inputs: ``[N, *S, C]``, C known.

        Returns:
            ``[N, *S, C]``.
        """
        channels = inputs.shape[-1]
        if self.groups == channels:
            return self._normalized(inputs, self.gamma, self.beta)
        by_group = [self.groups, channels // self.groups]
        shape = tf.shape(inputs)
        grouped = tf.reshape(inputs, tf.concat([shape[:-1], by_group], 0))
        gamma = tf.reshape(self.gamma, by_group)
        beta = tf.reshape(self.beta, by_group)
        return tf.reshape(self._normalized(grouped, gamma, beta, of_group=(-1,)), shape)

    def _normalized(
        self, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, of_group: tuple[int, ...] = ()
    ) -> tf.Tensor:
        """Values normalized over space, and over the axes of a group's channels."""
        rank = x.shape.rank
        space = range(1, rank - 1 - len(of_group))
        mean, variance = tf.nn.moments(x, [*space, *of_group], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, self.epsilon)
