"""Where the windows of images begin, in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

IS_FILLER = -1  # image index of a window that repeats another to fill a chunk


def window_corners(
    shape: tf.Tensor,
    *,
    patch: Sequence[int],
    grid: Sequence[int],
    overlap: float,
    chunk: int,
) -> tf.Tensor:
    """First voxel of each window, the last repeated to fill whole chunks.

    A repeated window writes nothing: its image index is −1.

    Args:
        shape: of the images, ``[N, *S, C]``.
        patch: voxels of a window along each axis.
        grid: voxels of which the first voxels are multiples, along each axis.
        overlap: the share of a window that the next one along an axis covers too.
        chunk: windows that the network sees at once.

    Returns:
        int32 ``[windows, 1 + rank]``: the image's index, then one coordinate per axis.
    """
    axes = [tf.range(shape[0])]
    for axis, (size, step) in enumerate(zip(patch, grid, strict=True), 1):
        axes.append(_starts(size, shape[axis], step, overlap))
    meshes = tf.meshgrid(*axes, indexing="ij")
    corners = tf.reshape(tf.stack(meshes, -1), [-1, len(axes)])
    missing = (-tf.shape(corners)[0]) % chunk
    filler_index = tf.fill([missing, 1], IS_FILLER)
    filler_start = tf.zeros([missing, len(patch)], tf.int32)
    filler = tf.concat([filler_index, filler_start], 1)
    return tf.concat([corners, filler], 0)


def _starts(size: int, length: tf.Tensor, grid: int, overlap: float) -> tf.Tensor:
    """First voxels of the windows along an axis.

    Args:
        size: of a window, in voxels.
        length: of the image, in voxels.
        grid: voxels of which the first voxels are multiples.
        overlap: as in `window_corners`.
    """
    room = -((size - length) // grid)  # in steps of the grid, as all that follows
    stride = max(int(size * (1 - overlap)) // grid, 1)
    count = -(-room // stride) + 1
    room_float = tf.cast(room, tf.float32)
    step = room_float / tf.cast(tf.maximum(count - 1, 1), tf.float32)
    starts = tf.round(tf.cast(tf.range(count), tf.float32) * step)
    return tf.cast(starts, tf.int32) * grid


def mirrored(images: tf.Tensor, *, patch: Sequence[int], grid: Sequence[int]) -> tf.Tensor:
    """The images, longer by their mirror image where the last window reaches beyond them.

    Args:
        images: ``[N, *S, C]``.
        patch: as in `window_corners`.
        grid: as in `window_corners`.
    """
    if max(grid) == 1:
        return images
    paddings = [[0, 0]]
    for axis, step in enumerate(grid):
        beyond = (patch[axis] - tf.shape(images)[1 + axis]) % step
        paddings.append([0, beyond])
    paddings.append([0, 0])
    return tf.pad(images, paddings, "SYMMETRIC")


def first_element(corner: tf.Tensor) -> tf.Tensor:
    """A window's first element ``[2 + rank]``: image, voxel, channel.

    Args:
        corner: as `window_corners` gives it. A filler window, whose image index is −1, takes the
            first image.
    """
    return tf.concat([tf.maximum(corner, 0), [0]], 0)


def following(corners: tf.Tensor, first: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """Windows that follow each other; XLA has to know their number, and not the first one.

    Args:
        corners: as `window_corners` gives them.
        first: index of the first window, int32 scalar.
        count: how many windows.
    """
    return tf.slice(corners, [first, 0], [count, corners.shape[1]])


def window_at(images: tf.Tensor, corner: tf.Tensor, patch: Sequence[int]) -> tf.Tensor:
    """What a window shows, ``[*patch, C]``.

    Args:
        images: ``[N, *S, C]``, as far as the windows reach.
        corner: as `window_corners` gives it.
        patch: as in `window_corners`.
    """
    return tf.slice(images, first_element(corner), [1, *patch, images.shape[-1]])[0]
