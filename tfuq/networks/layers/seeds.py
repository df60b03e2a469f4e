"""Stateless seeds, and random numbers from them."""

from __future__ import annotations

import math
import zlib
from typing import Any

import tensorflow as tf

SEED_SHAPE = (2,)
_KEY = 0x02461E29_3EC8F720  # by which TensorFlow mixes the two numbers of a seed
_FRACTION_BITS = 0x007FFFFF  # of a float32
_BITS_OF_ONE = 0x3F800000  # 1.0 as a float32


def fold_in(seed: tf.Tensor, salt: int | tf.Tensor) -> tf.Tensor:
    """Derive a stateless seed from another.

    Args:
        seed: int32 ``[2]``.
        salt: a number; other salts give other seeds.

    Returns:
        int32 ``[2]``.
    """
    first = tf.bitcast(_bits([1], seed), tf.int32)
    return tf.concat([first, tf.reshape(tf.cast(salt, tf.int32), [1])], 0)


def _bits(shape: Any, seed: tf.Tensor) -> tf.Tensor:
    """Uniform integers of 32 bits, those of TensorFlow's functions of a stateless seed.

    Key and counter of Philox are made of the seed as these functions make them without XLA. There
    XLA takes a negative seed for another one.
    """
    words = tf.bitcast(tf.cast(seed, tf.int64), tf.uint64)
    mixed = tf.cast(_philox([4], tf.constant([_KEY], tf.uint64), words), tf.uint64)
    high = tf.bitwise.left_shift(mixed[1::2], tf.constant(32, tf.uint64))
    key, counter = tf.split(tf.bitwise.bitwise_or(mixed[::2], high), 2)
    return _philox(shape, key, tf.concat([tf.zeros([1], tf.uint64), counter], 0))


def _philox(shape: Any, key: tf.Tensor, counter: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=shape,
        key=key,
        counter=counter,
        alg=tf.random.Algorithm.PHILOX.value,
        dtype=tf.uint32,
    )


def layer_salt(name: str) -> int:
    """A salt that depends on the layer's name alone, so that every process computes the same."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def uniform(shape: tf.TensorShape | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Uniform numbers from 0 to below 1, the same with XLA and without.

    They are those of `tf.random.stateless_uniform` without XLA, which makes a number of other bits
    of the same integer.

    Args:
        shape: shape of the result.
        seed: stateless seed, int32 ``[2]``.

    Returns:
        float32 of that shape.
    """
    bits = _bits(shape, seed)
    fraction = tf.bitwise.bitwise_and(bits, tf.constant(_FRACTION_BITS, tf.uint32))
    from_one_to_two = tf.bitwise.bitwise_or(fraction, tf.constant(_BITS_OF_ONE, tf.uint32))
    return tf.bitcast(from_one_to_two, tf.float32) - 1.0


def random_signs(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Numbers that are 1 or −1, the same with XLA and without.

    They are those of `tfp.random.rademacher` without XLA: the last bit of integers of 64 bits, each
    of which is made of two integers of 32 bits.

    Args:
        shape: shape of the result.
        seed: stateless seed, int32 ``[2]``.

    Returns:
        float32 of that shape.
    """
    halves = _bits([2 * tf.reduce_prod(shape)], seed)
    last_bits = tf.bitwise.bitwise_and(halves[::2], tf.constant(1, tf.uint32))
    signs = 2.0 * tf.cast(last_bits, tf.float32) - 1.0
    return tf.reshape(signs, shape)


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
    pairs = uniform([2, (count + 1) // 2], seed)
    uniform_radius, uniform_angle = tf.unstack(pairs)
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
