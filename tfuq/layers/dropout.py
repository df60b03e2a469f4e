"""Dropout."""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from tfuq.layers.seeds import fold_in, layer_salt


class SeededDropout(tf_keras.layers.Layer):
    """Inverted dropout drawn from ``seed``; without a seed, the identity (Gal & Ghahramani 2016).

    ``inputs``: ``[N, *spatial, C]``. With ``spatial=True`` whole channels are dropped (Tompson et al. 2015).
    """

    def __init__(self, rate: float, *, spatial: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.spatial = rate, spatial

    def call(self, inputs, seed=None, training=None):
        if seed is None or self.rate == 0.0:
            return tf.identity(inputs)
        shape = tf.shape(inputs)
        batch = shape[:1] if training else [1]
        space = tf.ones_like(shape[1:-1]) if self.spatial else shape[1:-1]
        uniform = tf.random.stateless_uniform(
            tf.concat([batch, space, shape[-1:]], 0), fold_in(seed, layer_salt(self.name)), dtype=inputs.dtype
        )
        return inputs * tf.cast(uniform >= self.rate, inputs.dtype) / (1.0 - self.rate)
