"""Windows added up to a sample, in place, and the weights that they are blended with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from tfuq.sampling.corners import first_element
from tfuq.sampling.known import choose, size_of

_LEAST_IMPORTANCE = 1e-3


def with_whole_images(target: tf.Tensor, values: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """Write whole images into a sample.

    Args:
        target: the sample ``[N, *S, C]``.
        values: images ``[chunk, *S, C]``; filler beyond the last image of the sample is dropped.
        first: index of the first image in the sample, int32 scalar.
    """
    count = size_of(target, 0)

    def write() -> tf.Tensor:
        last = tf.minimum(first + tf.shape(values)[0], count)
        begin = tf.stack([first] + [0] * (len(target.shape) - 1))
        end = tf.concat([[last], tf.shape(target)[1:]], 0)
        return _update(target, begin, end, values[: last - first])

    # All images in one chunk, as in most 3D volumes: nothing to copy.
    is_single_chunk = count <= size_of(values, 0)
    return choose(is_single_chunk, lambda: values[:count], write)


def with_windows(
    target: tf.Tensor,
    values: tf.Tensor,
    corners: tf.Tensor,
    importance: tf.Tensor,
    weight: tf.Tensor,
    *,
    with_xla: bool,
) -> tf.Tensor:
    """Add a chunk of windows to a sample, each with its share of the weight.

    Args:
        target: the sample ``[N, *S, C]``.
        values: of the windows, ``[chunk, *patch, C]``.
        corners: of the windows, ``[chunk, 1 + rank]``.
        importance: weights of a window's voxels, ``[*patch]``.
        weight: sum of the windows' weights at each voxel, ``[*S]``.
        with_xla: as `add_at` takes it.
    """
    *patch, channels = values.shape[1:]
    for window in range(values.shape[0]):
        corner = corners[window]
        total = tf.slice(weight, corner[1:], patch)
        share = importance / total
        weighted = (values[window] * share[..., None])[None]
        begin = first_element(corner)
        # A filler window adds zero.
        box = tf.where(corner[0] >= 0, weighted, 0.0)
        target = add_at(target, box, begin, [1, *patch, channels], with_xla=with_xla)
    return target


def add_at(
    target: tf.Tensor,
    values: tf.Tensor,
    begin: tf.Tensor,
    size: tf.Tensor | Sequence[int],
    *,
    with_xla: bool = False,
) -> tf.Tensor:
    """Add a box of values to a sample.

    Args:
        target: the sample.
        values: of the box.
        begin: first element of the box along each axis.
        size: of the box along each axis.
        with_xla: whether XLA compiles it. TensorFlow's own operation takes no place that XLA does
            not know, and XLA's operation runs nowhere else.
    """
    total = tf.slice(target, begin, size) + values
    if with_xla:
        return xla.dynamic_update_slice(target, total, begin)
    return _update(target, begin, begin + size, total)


def total_weight(
    space: tf.Tensor, corners: tf.Tensor, importance: tf.Tensor, *, with_xla: bool = False
) -> tf.Tensor:
    """Sum of the window weights at each voxel.

    Args:
        space: shape of an image without its channels, int32 ``[rank]``.
        corners: of the windows, ``[windows, 1 + rank]``: the image's index, then the first voxel.
            The windows of the first image come first, and stand for all.
        importance: weights of a window's voxels, ``[*patch]``.
        with_xla: as `add_at` takes it.

    Returns:
        ``[*S]``.
    """
    is_of_first = tf.equal(corners[:, 0], 0)
    windows = tf.reduce_sum(tf.cast(is_of_first, tf.int32))
    size = importance.shape

    def add(index: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        begin = corners[index][1:]  # in a loop, XLA takes the wrong part of [index, 1:]
        return index + 1, add_at(total, importance, begin, size, with_xla=with_xla)

    _, total = tf.while_loop(
        lambda index, _: index < windows,
        add,
        (0, tf.zeros(space)),
        parallel_iterations=1,
    )
    return total


def _update(
    target: tf.Tensor,
    begin: tf.Tensor,
    end: tf.Tensor,
    values: tf.Tensor,
) -> tf.Tensor:
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=target,
        begin=begin,
        end=end,
        strides=tf.ones_like(begin),
        value=values,
    )


def gaussian_importance(patch: Sequence[int]) -> tf.Tensor:
    """Weights of a window's voxels.

    They are 1 at the centre, have a standard deviation of an eighth of the patch, and are never
    below 1e-3. They are computed where they are needed: as a constant they would be a large part of
    a graph that is stored.

    Args:
        patch: voxels along each axis.

    Returns:
        float32 ``[*patch]``.
    """
    weights = tf.ones([], tf.float64)
    for size in patch:
        centre = (size - 1) / 2
        distance = (np.arange(size) - centre) / (size / 8)
        profile = np.exp(-0.5 * distance**2)
        weights = weights[..., None] * tf.constant(profile / profile.max())
    return tf.cast(tf.maximum(weights, _LEAST_IMPORTANCE), tf.float32)
