"""Of class probabilities: moments, entropies, votes, masks."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfuq.reducers.base import Shape


class Moments:
    """Mean and population variance per class, as sums of deviations from the first sample.

    Deviations keep the precision that a difference of large sums would lose: equal samples have exactly zero spread.
    """

    def initialize(self, shape, samples):
        return tf.zeros(shape), tf.zeros(shape), tf.zeros(shape)

    def update(self, state, p, t):
        p = at_most_one(p)
        first, deviations, squares = state
        first = tf.cond(t == 0, lambda: p, lambda: first)
        deviation = p - first
        return first, deviations + deviation, squares + deviation * deviation

    def finalize(self, state, samples):
        first, deviations, squares = state
        count = tf.cast(samples, first.dtype)
        offset = deviations / count
        mean, variance = first + offset, tf.maximum(squares / count - offset**2, 0.0)
        if mean.shape[-1] == 1:
            mean, variance = tf.concat([1.0 - mean, mean], -1), tf.repeat(variance, 2, axis=-1)
        return {"mean": mean, "variance": variance}


class EntropyTerms:
    """Mean over samples of −p log p per class; its sum over classes is the expected entropy."""

    def initialize(self, shape, samples):
        return (tf.zeros(shape),) * (2 if shape[-1] == 1 else 1)

    def update(self, state, p, t):
        p = at_most_one(p)
        parts = (1.0 - p, p) if len(state) == 2 else (p,)
        return tuple(_running_mean(terms, -tf.math.xlogy(q, q), t) for terms, q in zip(state, parts, strict=True))

    def finalize(self, state, samples):
        return {"entropy_terms": tf.concat(state, -1)}


class RegionEntropyTerms:
    """Mean over samples of −p log p per region, p the sum of the probabilities of the region's classes."""

    def __init__(self, regions: Sequence[Sequence[int]]):
        """``regions``: the classes of each."""
        self._regions = regions

    def initialize(self, shape, samples):
        return tf.zeros([*shape[:-1], len(self._regions)])

    def update(self, state, p, t):
        whole = tf.concat([1.0 - p, p], -1) if p.shape[-1] == 1 else p
        sums = at_most_one(tf.stack([tf.add_n([whole[..., k] for k in classes]) for classes in self._regions], -1))
        return _running_mean(state, -tf.math.xlogy(sums, sums), t)

    def finalize(self, state, samples):
        return {"region_entropy_terms": state}


class Votes:
    """The share of samples that chose each class. Class 0 has the votes that no other class got, so it is not counted."""

    def initialize(self, shape, samples):
        return tf.zeros([*shape[:-1], _foreground(shape[-1])])

    def update(self, state, p, t):
        return state + class_masks(p, state.dtype)

    def finalize(self, state, samples):
        count = tf.cast(samples, state.dtype)
        others = count - tf.reduce_sum(state, axis=-1)
        votes = tf.concat([others[..., None], state], -1) / count
        return {"modal_share": tf.reduce_max(votes, axis=-1), "votes": votes}


class PackedMasks:
    """Every sample's mask of every foreground class, a bit per voxel: ``masks [N, T, K−1, ⌈voxels / 8⌉]`` uint8.

    Sample t's mask of class k is argmax = k, which for two classes is p > 0.5. The bits are little-endian within a byte.
    """

    def initialize(self, shape, samples):
        return tf.zeros([samples, shape[0], _foreground(shape[-1]), _packed_size(shape)], tf.uint8)

    def update(self, state, p, t):
        shape, classes = tf.shape(p), _foreground(p.shape[-1])
        masks = tf.reshape(class_masks(p, tf.uint8), [shape[0], -1, classes])
        masks = tf.transpose(masks, [0, 2, 1])
        masks = tf.pad(masks, [[0, 0], [0, 0], [0, 8 * _packed_size(shape) - tf.shape(masks)[-1]]])
        bits = tf.reshape(masks, [shape[0], classes, -1, 8]) * tf.constant([1, 2, 4, 8, 16, 32, 64, 128], tf.uint8)
        packed = tf.cast(tf.reduce_sum(tf.cast(bits, tf.int32), -1), tf.uint8)
        return tf.tensor_scatter_nd_update(state, [[t]], packed[None])

    def finalize(self, state, samples):
        return {"masks": tf.transpose(state, [1, 0, 2, 3])}


def at_most_one(p: tf.Tensor) -> tf.Tensor:
    """Probabilities that adding up (over windows or classes) may have rounded to above 1: there 1 − p and −p log p are negative.

    NaN stays NaN, which a minimum of both would make 1.
    """
    return tf.where(p > 1.0, tf.ones_like(p), p)


def chosen_class(p: tf.Tensor) -> tf.Tensor:
    """argmax over the last axis, the first of equals (int32). tf.argmax takes several times as long over a short axis."""
    best, label = p[..., 0], tf.zeros(tf.shape(p)[:-1], tf.int32)
    for k in range(1, p.shape[-1]):
        label = tf.where(p[..., k] > best, k, label)
        best = tf.maximum(best, p[..., k])
    return label


def class_masks(p: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """One where argmax = k, for k = 1 … K−1: ``[…, K−1]``."""
    if p.shape[-1] <= 2:
        return tf.cast((p if p.shape[-1] == 1 else p[..., 1:]) > 0.5, dtype)
    return tf.one_hot(chosen_class(p) - 1, p.shape[-1] - 1, dtype=dtype)  # class 0 becomes −1, which has no place


def _running_mean(mean: tf.Tensor, value: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
    """The mean of t + 1 values, of the mean of the first t: exactly the value where all are equal, which a sum loses."""
    return mean + (value - mean) / tf.cast(t + 1, mean.dtype)


def _foreground(channels: int) -> int:
    """Classes other than the first; a binary network's one channel is such a class."""
    return max(channels - 1, 1)


def _packed_size(shape: Shape) -> tf.Tensor:
    return (tf.reduce_prod(shape[1:-1]) + 7) // 8
