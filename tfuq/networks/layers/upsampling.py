"""Up-sampling, for any number of spatial axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tf_keras


class LinearUpsampling(tf_keras.layers.Layer):
    """Enlarges every spatial axis of ``[N, *S, C]`` by a factor.

    Values are linear between pixel centres, and constant beyond the outermost ones.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if len(inputs.shape) == 4:
            rows, columns = inputs.shape[1:-1]
            return self._resized(
                inputs,
                (rows, columns),
                (self.factor, self.factor),
            )
        return self._resized_volume(inputs)

    def _resized_volume(self, inputs: tf.Tensor) -> tf.Tensor:
        """Resize rows and columns with the slices among the channels, then the slices alone.

        TensorFlow resizes images, which have two axes.
        """
        rows, columns, slices, channels = inputs.shape[1:]
        image = tf.reshape(
            inputs,
            [-1, rows, columns, slices * channels],
        )
        image = self._resized(
            image,
            (rows, columns),
            (self.factor, self.factor),
        )
        rows = rows * self.factor
        columns = columns * self.factor
        image = tf.reshape(
            image,
            [-1, rows * columns, slices, channels],
        )
        image = self._resized(
            image,
            (rows * columns, slices),
            (1, self.factor),
        )
        return tf.reshape(
            image,
            [-1, rows, columns, slices * self.factor, channels],
        )

    @staticmethod
    def _resized(image: tf.Tensor, size: Sequence[int], factors: Sequence[int]) -> tf.Tensor:
        enlarged = [length * factor for length, factor in zip(size, factors, strict=True)]
        return tf.image.resize(image, enlarged)


class SubPixels(tf_keras.layers.Layer):
    """Channels become neighbours in space: ``[N, *S, f₁f₂… C]`` → ``[N, *(S·f), C]``.

    After a convolution of size one, it is a transposed convolution whose size is its stride: each
    element is multiplied by a kernel of its own for each of its f₁f₂… places. TensorFlow
    Probability has no transposed convolution, and this way there is a variational one.

    References:
        Shi et al. 2016, Real-time single image and video super-resolution using an efficient
        sub-pixel convolutional neural network.
    """

    def __init__(self, factors: Sequence[int], **kwargs: Any) -> None:
        """Make the layer.

        Args:
            factors: by which each spatial axis is enlarged. Channels are in the order of the places
                in space, those along the last axis following each other.
            **kwargs: arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.factors = tuple(factors)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        space = inputs.shape[1:-1]
        rank = len(space)
        channels = inputs.shape[-1] // math.prod(self.factors)
        x = tf.reshape(inputs, [-1, *space, *self.factors, channels])
        order = [0]
        for axis in range(1, rank + 1):
            order += [axis, axis + rank]
        x = tf.transpose(x, [*order, 2 * rank + 1])
        enlarged = [size * factor for size, factor in zip(space, self.factors, strict=True)]
        return tf.reshape(x, [-1, *enlarged, channels])
