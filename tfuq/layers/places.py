"""Random numbers that belong to places: a function of a seed and of coordinates in the volume.

Windows that overlap must get the same number at the same place. A generator that fills an array
in order gives them only with the whole volume in memory, so the coordinates are hashed instead,
as counter-based generators do (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
2011). Only integers are computed with, so the numbers are the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B  # of lowbias32, a hash of 32 bits (Wellons 2018)
_APART = 0x9E3779B9  # so that coordinate 0, which the hash leaves as it is, is not special


def bits_at(
    corner: tf.Tensor,
    space: Sequence[int | tf.Tensor],
    seed: tf.Tensor,
    *,
    channels: int,
    draws: Sequence[int] = (),
) -> tf.Tensor:
    """Independent uniform integers of 32 bits for a box of places.

    Args:
        corner: the first place of each of B boxes along each axis, int32 ``[B, rank]``, 0 or more.
        space: places along each axis of a box; none for what has no space.
        seed: stateless seed, int32 ``[2]``.
        channels: numbers at a place.
        draws: leading axes: so many times as many numbers.

    Returns:
        uint32 ``[*draws, B, *space, channels]``; B is 1 where there is no space.
    """
    keys, rank = tf.bitcast(seed, tf.uint32), len(space)
    places = tf.reshape(keys[0], [1] * (1 + rank))
    for axis, size in enumerate(space):
        along = tf.cast(corner[:, axis, None] + tf.range(size), tf.uint32)
        shape = [-1, *(size if other == axis else 1 for other in range(rank))]
        places = _mixed(tf.bitwise.bitwise_xor(places, tf.reshape(_hash(along), shape)))
    numbers = tf.range(math.prod(draws) * channels)
    names = tf.reshape(_hash(keys[1] + tf.cast(numbers, tf.uint32)), [*draws, *[1] * (1 + rank), channels])
    return _spread(tf.bitwise.bitwise_xor(places[..., None], names))


def normal_at(corner: tf.Tensor, space: Sequence[int], seed: tf.Tensor, *, channels: int, draws: int) -> tf.Tensor:
    """Standard normal numbers, float32 ``[draws, B, *space, channels]``; arguments as `bits_at` has them.

    By Box and Muller's transform, which makes two normal numbers of two uniform ones.
    """
    pairs = (draws + 1) // 2
    bits = bits_at(corner, space, seed, channels=channels, draws=(2, pairs))
    uniform = (tf.cast(bits, tf.float32) + 0.5) * 2.0**-32  # above 0, whose logarithm is not finite
    radius, angle = tf.sqrt(-2.0 * tf.math.log(uniform[0])), 2.0 * math.pi * uniform[1]
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], 0)[:draws]


def _hash(numbers: tf.Tensor) -> tf.Tensor:
    return _mixed(numbers + tf.constant(_APART, tf.uint32))


def _mixed(numbers: tf.Tensor) -> tf.Tensor:
    """lowbias32: every bit of the result depends on every bit given."""
    return _folded(_spread(_folded(numbers, 16)), 16)


def _spread(numbers: tf.Tensor) -> tf.Tensor:
    """The middle of lowbias32, whose higher bits alone depend on all that is given."""
    return _folded(numbers * tf.constant(_FIRST, tf.uint32), 15) * tf.constant(_SECOND, tf.uint32)


def _folded(numbers: tf.Tensor, by: int) -> tf.Tensor:
    shifted = tf.bitwise.right_shift(numbers, tf.constant(by, tf.uint32))
    return tf.bitwise.bitwise_xor(numbers, shifted)
