"""Linear up-sampling, for any number of spatial axes."""

from __future__ import annotations

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
