"""Linear up-sampling, for any number of spatial axes."""

from __future__ import annotations

import tensorflow as tf
import tf_keras


class LinearUpsampling(tf_keras.layers.Layer):
    """Every spatial axis of ``[N, *S, C]`` times ``factor``, linearly between pixel centres, constant beyond the outermost."""

    def __init__(self, factor: int, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        x, channels = inputs, inputs.shape[-1]
        first, *others = inputs.shape[1:-1]
        if len(others) == 1:
            return self._resized(x, (first, others[0]), (self.factor, self.factor))
        # An image has two axes: the first two are resized with the third among the channels, then the third alone.
        rows, columns, slices = first, *others
        x = self._resized(tf.reshape(x, [-1, rows, columns, slices * channels]), (rows, columns), (self.factor, self.factor))
        rows, columns = rows * self.factor, columns * self.factor
        x = self._resized(tf.reshape(x, [-1, rows * columns, slices, channels]), (rows * columns, slices), (1, self.factor))
        return tf.reshape(x, [-1, rows, columns, slices * self.factor, channels])

    @staticmethod
    def _resized(x, size, factors):
        return tf.image.resize(x, [n * factor for n, factor in zip(size, factors, strict=True)])
