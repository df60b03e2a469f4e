"""Reducers of class probabilities: moments, entropies, votes, masks."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics, Shape

_BIT_VALUES = (1, 2, 4, 8, 16, 32, 64, 128)  # of the bits of a byte, the lowest first

Tensors = tuple[tf.Tensor, ...]


class Moments:
    """Mean and population variance for each class, as sums of deviations from the first sample.

    Deviations keep the precision that a difference of large sums would lose: equal samples have a
    spread of exactly zero.
    """

    def initialize(self, shape: Shape, samples: tf.Tensor) -> Tensors:
        return tf.zeros(shape), tf.zeros(shape), tf.zeros(shape)

    def update(self, state: Tensors, p: tf.Tensor, t: tf.Tensor) -> Tensors:
        p = at_most_one(p)
        first, deviations, squares = state
        first = tf.cond(t == 0, lambda: p, lambda: first)
        deviation = p - first
        return (first, deviations + deviation, squares + deviation * deviation)

    def finalize(self, state: Tensors, samples: tf.Tensor) -> SampleStatistics:
        first, deviations, squares = state
        count = tf.cast(samples, first.dtype)
        offset = deviations / count
        mean = first + offset
        variance = tf.maximum(squares / count - offset**2, 0.0)
        if mean.shape[-1] == 1:
            mean = with_background(mean)
            variance = tf.repeat(variance, 2, axis=-1)
        return {"mean": mean, "variance": variance}


class EntropyTerms:
    """Mean over samples of −p log p for each class; its sum over classes is expected entropy."""

    def initialize(self, shape: Shape, samples: tf.Tensor) -> Tensors:
        terms = tf.zeros(shape)
        if shape[-1] == 1:
            return terms, terms
        return (terms,)

    def update(self, state: Tensors, p: tf.Tensor, t: tf.Tensor) -> Tensors:
        p = at_most_one(p)
        probabilities: Tensors = (p,)
        if len(state) == 2:
            probabilities = (1.0 - p, p)
        means = []
        for mean, q in zip(state, probabilities, strict=True):
            means.append(_running_mean(mean, _entropy_term(q), t))
        return tuple(means)

    def finalize(self, state: Tensors, samples: tf.Tensor) -> SampleStatistics:
        return {"entropy_terms": tf.concat(state, -1)}


class RegionEntropyTerms:
    """Mean over samples of −p log p for each region.

    p is the sum of the probabilities of the region's classes.
    """

    def __init__(self, regions: Sequence[Sequence[int]]) -> None:
        """Make the reducer.

        Args:
            regions: the classes of each region.
        """
        self._regions = regions

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tf.Tensor:
        return tf.zeros(
            [
                *shape[:-1],
                len(self._regions),
            ]
        )

    def update(self, state: tf.Tensor, p: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        if p.shape[-1] == 1:
            p = with_background(p)
        sums = [_sum_of_classes(p, classes) for classes in self._regions]
        region_p = at_most_one(tf.stack(sums, -1))
        return _running_mean(state, _entropy_term(region_p), t)

    def finalize(self, state: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        return {"region_entropy_terms": state}


class Votes:
    """The share of samples that chose each class.

    Class 0 has the votes that no other class got, so it is not counted.
    """

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tf.Tensor:
        return tf.zeros(
            [
                *shape[:-1],
                _foreground(shape[-1]),
            ]
        )

    def update(self, state: tf.Tensor, p: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        return state + class_masks(p, state.dtype)

    def finalize(self, state: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        count = tf.cast(samples, state.dtype)
        background = count - tf.reduce_sum(state, axis=-1)
        votes = tf.concat([background[..., None], state], -1) / count
        return {"modal_share": tf.reduce_max(votes, axis=-1), "votes": votes}


class PackedMasks:
    """Every sample's mask of every foreground class, a bit per voxel.

    The statistic is ``masks [N, T, K−1, ⌈voxels / 8⌉]`` uint8. Sample t's mask of class k is
    argmax = k, which for two classes is p > 0.5. The bits are little-endian within a byte.
    """

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tf.Tensor:
        examples = shape[0]
        classes = _foreground(shape[-1])
        return tf.zeros(
            [samples, examples, classes, _packed_size(shape)],
            tf.uint8,
        )

    def update(self, state: tf.Tensor, p: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(p)
        classes = _foreground(p.shape[-1])
        masks = tf.reshape(
            class_masks(p, tf.uint8),
            [shape[0], -1, classes],
        )
        masks = tf.transpose(masks, [0, 2, 1])
        missing = 8 * _packed_size(shape) - tf.shape(masks)[-1]
        masks = tf.pad(
            masks,
            [[0, 0], [0, 0], [0, missing]],
        )
        bits = tf.reshape(
            masks,
            [shape[0], classes, -1, 8],
        )
        weighted = bits * tf.constant(_BIT_VALUES, tf.uint8)
        packed = tf.reduce_sum(tf.cast(weighted, tf.int32), -1)
        packed = tf.cast(packed, tf.uint8)
        return tf.tensor_scatter_nd_update(state, [[t]], packed[None])

    def finalize(self, state: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        return {"masks": tf.transpose(state, [1, 0, 2, 3])}


def at_most_one(p: tf.Tensor) -> tf.Tensor:
    """Probabilities held at 1, above which 1 − p and −p log p are negative.

    A sum over windows or classes may round to above 1. NaN stays NaN; `tf.minimum` would make it 1.
    """
    return tf.where(p > 1.0, tf.ones_like(p), p)


def with_background(p: tf.Tensor) -> tf.Tensor:
    """Both classes of a binary network's ``[…, 1]``: ``[…, 2]``."""
    return tf.concat([1.0 - p, p], -1)


def chosen_class(p: tf.Tensor) -> tf.Tensor:
    """argmax over the last axis, the first of equals, int32.

    tf.argmax takes several times as long over a short axis.
    """
    best = p[..., 0]
    label = tf.zeros(
        tf.shape(p)[:-1],
        tf.int32,
    )
    for k in range(1, p.shape[-1]):
        label = tf.where(
            p[..., k] > best,
            k,
            label,
        )
        best = tf.maximum(best, p[..., k])
    return label


def class_masks(p: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """One where argmax = k, for k = 1 … K−1.

    Args:
        p: ``[…, K]``, or ``[…, 1]`` of a binary network.
        dtype: of the result.

    Returns:
        ``[…, K−1]``, or ``[…, 1]`` of a binary network.
    """
    classes = p.shape[-1]
    if classes == 1:
        return tf.cast(p > 0.5, dtype)
    if classes == 2:
        return tf.cast(p[..., 1:] > 0.5, dtype)
    # Class 0 becomes −1, for which one_hot gives zeros.
    return tf.one_hot(chosen_class(p) - 1, classes - 1, dtype=dtype)


def _entropy_term(p: tf.Tensor) -> tf.Tensor:
    return -tf.math.xlogy(p, p)


def _sum_of_classes(p: tf.Tensor, classes: Sequence[int]) -> tf.Tensor:
    return tf.add_n([p[..., k] for k in classes])


def _running_mean(mean: tf.Tensor, value: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
    """The mean of t + 1 values, from the mean of the first t and the last value.

    It is exactly the value where all are equal, which a sum loses.
    """
    return mean + (value - mean) / tf.cast(t + 1, mean.dtype)


def _foreground(channels: int) -> int:
    """Classes other than the first; a binary network's one channel is such a class."""
    return max(channels - 1, 1)


def _packed_size(shape: Shape) -> tf.Tensor:
    return (tf.reduce_prod(shape[1:-1]) + 7) // 8
