"""Stateless seeds and what is drawn from them."""

from __future__ import annotations

import math
import zlib

import tensorflow as tf

SEED_SHAPE = (2,)


def fold_in(seed: tf.Tensor, salt: int | tf.Tensor) -> tf.Tensor:
    """Return the stateless seed (int32 ``[2]``) that ``salt`` derives from ``seed``."""
    return tf.random.experimental.stateless_fold_in(seed, tf.cast(salt, tf.int32))


def layer_salt(name: str) -> int:
    """A salt that depends on the layer's name alone, so that it survives rebuilding the network in another process."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def standard_normal(shape: tf.TensorShape | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers, float32, by Box and Muller's transform of pairs of uniform ones.

    `tf.random.stateless_normal` transforms one number after the other and takes half as long again on a CPU, which shows:
    a sample of a variational network draws as many numbers as the network has weights.
    """
    count = shape.num_elements() if isinstance(shape, tf.TensorShape) else tf.reduce_prod(shape)
    radius, angle = tf.unstack(tf.random.stateless_uniform([2, (count + 1) // 2], seed))
    radius, angle = tf.sqrt(-2.0 * tf.math.log1p(-radius)), 2.0 * math.pi * angle
    drawn = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], 0)
    return tf.reshape(drawn[:count], shape)
