"""Dropout."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers.places import bits_at
from tfuq.networks.layers.seeds import fold_in, layer_salt, uniform


class SeededDropout(tf_keras.layers.Layer):
    """Inverted dropout whose mask is a function of ``seed``; without a seed, the identity.

    Call arguments:
        inputs: ``[N, *S, C]``.
        seed: stateless seed, int32 ``[2]``, or None.
        corner: coordinates of the first element of ``inputs`` in its volume, on this map's own
            grid, int32 ``[N, rank]``, or ``[1, rank]`` for all. None means 0. The mask of single
            elements is a function of the coordinates.
        training: whether each example has a mask of its own.

    References:
        Gal & Ghahramani 2016, Dropout as a Bayesian approximation.
        Tompson et al. 2015, Efficient object localization using convolutional networks
        (dropout of whole channels).
    """

    def __init__(self, rate: float, *, spatial: bool = False, **kwargs: Any) -> None:
        """Make the layer.

        Args:
            rate: probability that an element is dropped, from 0 to below 1.
            spatial: whether whole channels are dropped instead of single elements.
            **kwargs: arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.rate = rate
        self.spatial = spatial

    def call(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor | None = None,
        corner: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        if seed is None or self.rate == 0.0:
            return tf.identity(inputs)
        seed = fold_in(seed, layer_salt(self.name))
        if training or not self.depends_on_place(inputs.shape):
            return self._drop_by_shape(inputs, seed, training)
        return self._drop_by_place(inputs, seed, corner)

    def depends_on_place(self, shape: tf.TensorShape) -> bool:
        """Whether the mask of inputs of this shape depends on their coordinates in the volume."""
        return len(shape) > 2 and not self.spatial and self.rate > 0.0

    def _drop_by_shape(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor,
        training: bool | None,
    ) -> tf.Tensor:
        shape = tf.shape(inputs)
        batch = [1]
        if training:
            batch = shape[:1]
        space = shape[1:-1]
        if self.spatial:
            space = tf.ones_like(space)
        mask_shape = tf.concat(
            [batch, space, shape[-1:]],
            0,
        )
        mask = tf.cast(uniform(mask_shape, seed) >= self.rate, inputs.dtype)
        return inputs * mask / (1.0 - self.rate)

    def _drop_by_place(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor,
        corner: tf.Tensor | None,
    ) -> tf.Tensor:
        space = _sizes(inputs)[1:-1]
        if corner is None:
            corner = tf.zeros([1, len(space)], tf.int32)
        bits = bits_at(corner, space, seed, channels=inputs.shape[-1])
        threshold = tf.constant(
            round(self.rate * 2**32),
            tf.uint32,
        )
        mask = tf.cast(bits >= threshold, inputs.dtype) / (1.0 - self.rate)
        return tf.ensure_shape(inputs * mask, inputs.shape)


def _sizes(inputs: tf.Tensor) -> list[int | tf.Tensor]:
    """Size of each axis: a number, or a scalar tensor where the graph does not know it.

    The graph does not know some sizes while Keras saves a layer.
    """
    static_sizes = inputs.shape.as_list()
    dynamic_sizes = tf.unstack(tf.shape(inputs))
    sizes = []
    for static, dynamic in zip(static_sizes, dynamic_sizes, strict=True):
        if static is None:
            sizes.append(dynamic)
        else:
            sizes.append(static)
    return sizes
