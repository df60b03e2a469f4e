"""Values between the voxels of windows, in the graph."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def linear_at(values: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Interpolate linearly along every axis; outside, the edge repeats.

    Args:
        values: ``[B, *S, C]``, of known shape but for B.
        positions: of the voxels to make, in voxels of ``values``, ``[B, *P, rank]``.

    Returns:
        ``[B, *P, C]``.
    """
    space = [int(size) for size in values.shape[1:-1]]
    last = np.array(space) - 1
    inside = tf.clip_by_value(positions, 0.0, tf.constant(last, tf.float32))
    lower = tf.floor(inside)
    fractions = inside - lower
    first = tf.cast(lower, tf.int32)
    rows = tf.reshape(values, [-1, math.prod(space), values.shape[-1]])
    terms = []
    for step in itertools.product((0, 1), repeat=len(space)):
        neighbour = tf.minimum(first + tf.constant(step), tf.constant(last, tf.int32))
        numbers = _numbers(neighbour, space)
        weights = tf.reduce_prod(tf.where(np.array(step, bool), fractions, 1.0 - fractions), -1)
        terms.append(weights[..., None] * tf.gather(rows, numbers, axis=1, batch_dims=1))
    # Not by additions, which TensorFlow orders anew where it knows the shapes.
    return tf.add_n(terms)


def _numbers(indices: tf.Tensor, space: Sequence[int]) -> tf.Tensor:
    """Where voxels lie among all voxels in a row."""
    strides = [math.prod(space[axis + 1 :]) for axis in range(len(space))]
    return tf.reduce_sum(indices * tf.constant(strides), -1)
