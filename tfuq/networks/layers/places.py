"""Random numbers that are a function of a seed and of coordinates in the volume.

Overlapping windows must get the same number at the same coordinates. A generator that fills an
array in order needs the whole volume in memory for this. So the coordinates are hashed instead, as
counter-based generators do. Only integers are computed with, so the numbers are the same on every
machine.

References:
    Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3.
    Wellons 2018, Prospecting for hash functions (lowbias32, a hash of 32 bits).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

_FIRST_FACTOR = 0x7FEB352D  # of lowbias32
_SECOND_FACTOR = 0x846CA68B  # of lowbias32
_OFFSET = 0x9E3779B9  # the hash leaves 0 as it is; with this added, coordinate 0 is like any other


def bits_at(
    corner: tf.Tensor,
    space: Sequence[int | tf.Tensor],
    seed: tf.Tensor,
    *,
    channels: int,
    draws: Sequence[int] = (),
) -> tf.Tensor:
    """Independent uniform integers of 32 bits for every element of boxes in a volume.

    Args:
        corner: coordinates of the first element of each of B boxes, int32 ``[B, rank]``.
        space: elements along each axis of a box; empty without spatial axes.
        seed: stateless seed, int32 ``[2]``.
        channels: numbers for one element.
        draws: leading axes of the result: so many times as many numbers.

    Returns:
        uint32 ``[*draws, B, *space, channels]``; B is 1 without spatial axes.
    """
    keys = tf.bitcast(seed, tf.uint32)
    rank = len(space)
    single_element = [1] * (1 + rank)
    hashes = tf.reshape(keys[0], single_element)
    for axis, size in enumerate(space):
        coordinates = tf.cast(
            corner[:, axis, None] + tf.range(size),
            tf.uint32,
        )
        axis_hashes = tf.reshape(_hash(coordinates), _shape_along(axis, size, rank))
        hashes = _mixed(tf.bitwise.bitwise_xor(hashes, axis_hashes))
    numbers = tf.range(math.prod(draws) * channels)
    number_hashes = _hash(keys[1] + tf.cast(numbers, tf.uint32))
    number_hashes = tf.reshape(number_hashes, [*draws, *single_element, channels])
    return _spread(tf.bitwise.bitwise_xor(hashes[..., None], number_hashes))


def normal_at(
    corner: tf.Tensor,
    space: Sequence[int],
    seed: tf.Tensor,
    *,
    channels: int,
    draws: int,
) -> tf.Tensor:
    """Standard normal numbers for every element of boxes in a volume.

    Box and Muller's transform makes two normal numbers from two uniform ones.

    Args:
        corner: as in `bits_at`.
        space: as in `bits_at`.
        seed: as in `bits_at`.
        channels: as in `bits_at`.
        draws: numbers for one channel of one element.

    Returns:
        float32 ``[draws, B, *space, channels]``.
    """
    pairs = (draws + 1) // 2
    bits = bits_at(corner, space, seed, channels=channels, draws=(2, pairs))
    # Above 0, whose logarithm is not finite.
    uniform = (tf.cast(bits, tf.float32) + 0.5) * 2.0**-32
    radius = tf.sqrt(-2.0 * tf.math.log(uniform[0]))
    angle = 2.0 * math.pi * uniform[1]
    normal = tf.concat(
        [radius * tf.cos(angle), radius * tf.sin(angle)],
        0,
    )
    return normal[:draws]


def _shape_along(axis: int, size: int | tf.Tensor, rank: int) -> list[int | tf.Tensor]:
    """Shape ``[B, …]`` of an array with values along one spatial axis."""
    shape = [-1] + [1] * rank
    shape[1 + axis] = size
    return shape


def _hash(numbers: tf.Tensor) -> tf.Tensor:
    return _mixed(numbers + tf.constant(_OFFSET, tf.uint32))


def _mixed(numbers: tf.Tensor) -> tf.Tensor:
    """lowbias32: every bit of the result depends on every bit of the argument."""
    folded = _folded(numbers, 16)
    return _folded(_spread(folded), 16)


def _spread(numbers: tf.Tensor) -> tf.Tensor:
    """The middle of lowbias32, of which the higher bits depend on every bit of the argument."""
    product = numbers * tf.constant(_FIRST_FACTOR, tf.uint32)
    return _folded(product, 15) * tf.constant(_SECOND_FACTOR, tf.uint32)


def _folded(numbers: tf.Tensor, by: int) -> tf.Tensor:
    shifted = tf.bitwise.right_shift(
        numbers,
        tf.constant(by, tf.uint32),
    )
    return tf.bitwise.bitwise_xor(numbers, shifted)
