"""Stateless seeds, and random numbers from them."""

from __future__ import annotations

import math
import zlib

import tensorflow as tf

SEED_SHAPE = (2,)


def fold_in(seed: tf.Tensor, salt: int | tf.Tensor) -> tf.Tensor:
    """Derive a stateless seed from another.

    Args:
        seed: int32 ``[2]``.
        salt: a number; other salts give other seeds.

    Returns:
        int32 ``[2]``.
    """
    return tf.random.experimental.stateless_fold_in(
        seed,
        tf.cast(salt, tf.int32),
    )


def layer_salt(name: str) -> int:
    """A salt that depends on the layer's name alone, so that every process computes the same."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def standard_normal(shape: tf.TensorShape | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers by Box and Muller's transform of pairs of uniform numbers.

    `tf.random.stateless_normal` transforms one number after the other. It takes half as long again
    on a CPU. This is noticeable, because a sample of a variational network needs as many numbers as
    the network has weights.

    Args:
        shape: shape of the result.
        seed: stateless seed, int32 ``[2]``.

    Returns:
        float32 of that shape.
    """
    count = _element_count(shape)
    uniform = tf.random.stateless_uniform(
        [2, (count + 1) // 2],
        seed,
    )
    uniform_radius, uniform_angle = tf.unstack(uniform)
    radius = tf.sqrt(-2.0 * tf.math.log1p(-uniform_radius))
    angle = 2.0 * math.pi * uniform_angle
    normal = tf.concat(
        [radius * tf.cos(angle), radius * tf.sin(angle)],
        0,
    )
    return tf.reshape(normal[:count], shape)


def _element_count(shape: tf.TensorShape | tf.Tensor) -> int | tf.Tensor:
    if isinstance(shape, tf.TensorShape):
        return shape.num_elements()
    return tf.reduce_prod(shape)
