"""Windows that show nothing: they need no sample of their own.

A window is empty where, in every channel, none of its values lies above the image's lowest value by
more than a share of the image's range. A chunk is empty where all of its windows are, and belong to
one image. The network samples the first empty chunk of an image. Each further empty chunk repeats
that sample: window by window, at its own place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfuq.config import NEVER, SkipEmpty
from tfuq.sampling.corners import window_at
from tfuq.sampling.window_plan import Place, WindowPlan


class EmptyChunks(NamedTuple):
    """Which chunks are sampled once, and which repeat them.

    Attributes:
        is_first: whether a chunk's sample is repeated by others, bool ``[chunks]``.
        is_repeat: whether a chunk repeats the sample of an earlier one, bool ``[chunks]``.
    """

    is_first: tf.Tensor
    is_repeat: tf.Tensor


def empty_chunks(
    images: tf.Tensor,
    corners: tf.Tensor,
    *,
    patch: tuple[int, ...],
    chunk: int,
    share: float,
) -> EmptyChunks:
    """Find the empty chunks, in the graph.

    Args:
        images: ``[N, *S, C]``, as far as the windows reach.
        corners: of the windows, as `tfuq.sampling.corners.window_corners` gives them.
        patch: voxels of a window along each axis.
        chunk: windows that the network sees at once.
        share: of an image's range.
    """
    ceilings = _ceilings(images, share)

    def is_empty(corner: tf.Tensor) -> tf.Tensor:
        window = window_at(images, corner, patch)
        return tf.reduce_all(window <= ceilings[tf.maximum(corner[0], 0)])

    are_empty = tf.map_fn(is_empty, corners, fn_output_signature=tf.bool)
    numbers = tf.reshape(corners[:, 0], [-1, chunk])
    is_filler = numbers < 0
    are_of_one_image = tf.reduce_all(is_filler | (numbers == numbers[:, :1]), 1)
    is_empty_chunk = tf.reduce_all(is_filler | tf.reshape(are_empty, [-1, chunk]), 1)
    is_empty_chunk &= are_of_one_image
    return _first_and_repeats(is_empty_chunk, numbers[:, 0], tf.shape(images)[0])


def _ceilings(images: tf.Tensor, share: float) -> tf.Tensor:
    """The highest values that count as nothing, ``[N, C]``."""
    space = list(range(1, len(images.shape) - 1))
    lowest = tf.reduce_min(images, space)
    highest = tf.reduce_max(images, space)
    return lowest + np.float32(share) * (highest - lowest)


def _first_and_repeats(is_empty: tf.Tensor, numbers: tf.Tensor, images: tf.Tensor) -> EmptyChunks:
    """Tell the first empty chunk of each image from the others.

    Args:
        is_empty: of each chunk.
        numbers: of the image that each chunk begins with.
        images: how many there are, int32 scalar.
    """
    indices = tf.range(tf.size(is_empty))
    none = tf.size(is_empty)
    candidates = tf.where(is_empty, indices, none)
    first = tf.math.unsorted_segment_min(candidates, numbers, images)
    is_first = is_empty & (indices == tf.gather(first, numbers))
    return EmptyChunks(is_first=is_first, is_repeat=is_empty & ~is_first)


@dataclass(frozen=True, kw_only=True)
class EmptyOfVolume:
    """The empty chunks of one volume.

    Attributes:
        chunks: their indices, in order.
    """

    chunks: tuple[int, ...] = ()

    @property
    def first(self) -> int:
        """The chunk whose sample the others repeat; there must be one."""
        return self.chunks[0]

    @cached_property
    def repeats(self) -> frozenset[int]:
        """The chunks that repeat it."""
        return frozenset(self.chunks[1:])


def empty_of_volume(plan: WindowPlan, stack: np.ndarray, skip_empty: SkipEmpty) -> EmptyOfVolume:
    """Find the empty chunks of a volume that no graph holds; they are those of `empty_chunks`.

    Args:
        plan: the windows.
        stack: what they see, ``[planes, rows, columns, C]``.
        skip_empty: as `tfuq.config.learning.PredictionConfig` has it.
    """
    if skip_empty == NEVER:
        return EmptyOfVolume()
    lowest = stack.min((0, 1, 2))
    highest = stack.max((0, 1, 2))
    ceiling = lowest + np.float32(skip_empty) * (highest - lowest)
    empty = []
    for chunk in range(plan.chunks):
        places = map(plan.place, plan.windows_of(chunk))
        if all(place is None or _is_empty(plan, stack, place, ceiling) for place in places):
            empty.append(chunk)
    return EmptyOfVolume(chunks=tuple(empty))


def _is_empty(plan: WindowPlan, stack: np.ndarray, place: Place, ceiling: np.ndarray) -> bool:
    """Whether a window is empty; its mirrored voxels are among the others."""
    box = []
    for first, size in zip(place, plan.size, strict=True):
        box.append(slice(first, first + size))
    return bool((stack[tuple(box)] <= ceiling).all())
