"""Dropout."""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from tfuq.layers.places import bits_at
from tfuq.layers.seeds import fold_in, layer_salt


class SeededDropout(tf_keras.layers.Layer):
    """Inverted dropout drawn from ``seed``; without a seed, the identity (Gal & Ghahramani 2016).

    ``inputs``: ``[N, *spatial, C]``. With ``spatial=True`` whole channels are dropped (Tompson et
    al. 2015). Element by element, the mask is a function of the place in the volume: ``corner``
    (int32, ``[N, rank]`` or ``[1, rank]`` for all) says where in it, on this map's own grid, the
    inputs begin; without it, at its first voxel. In training each example has a mask of its own.
    """

    def __init__(self, rate: float, *, spatial: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.spatial = rate, spatial

    def call(self, inputs, seed=None, corner=None, training=None):
        if seed is None or self.rate == 0.0:
            return tf.identity(inputs)
        seed = fold_in(seed, layer_salt(self.name))
        if training or not self.depends_on_place(inputs.shape):
            return self._drop_by_shape(inputs, seed, training)
        return self._drop_by_place(inputs, seed, corner)

    def depends_on_place(self, shape: tf.TensorShape) -> bool:
        """Whether inputs of this shape have one mask for another place than for the next."""
        return len(shape) > 2 and not self.spatial and self.rate > 0.0

    def _drop_by_shape(self, inputs, seed, training):
        shape = tf.shape(inputs)
        batch = shape[:1] if training else [1]
        space = tf.ones_like(shape[1:-1]) if self.spatial else shape[1:-1]
        uniform = tf.random.stateless_uniform(tf.concat([batch, space, shape[-1:]], 0), seed, dtype=inputs.dtype)
        return inputs * tf.cast(uniform >= self.rate, inputs.dtype) / (1.0 - self.rate)

    def _drop_by_place(self, inputs, seed, corner):
        space = _sizes(inputs)[1:-1]
        corner = tf.zeros([1, len(space)], tf.int32) if corner is None else corner
        bits = bits_at(corner, space, seed, channels=inputs.shape[-1])
        stays = bits >= tf.constant(round(self.rate * 2**32), tf.uint32)
        mask = tf.cast(stays, inputs.dtype) / (1.0 - self.rate)
        return tf.ensure_shape(inputs * mask, inputs.shape)


def _sizes(inputs: tf.Tensor) -> list[int | tf.Tensor]:
    """Size of each axis; a scalar tensor where the graph does not know it, as while Keras saves a layer."""
    known = inputs.shape.as_list()
    present = tf.unstack(tf.shape(inputs))
    return [there if size is None else size for size, there in zip(known, present, strict=True)]
