"""Streaming statistics over samples: stateless objects, explicit state, memory that does not grow with T.

``p`` is one sample's class probabilities ``[N, *S, K]``, or ``[N, *S, 1]`` of a binary network: its foreground's. A
reducer's ``finalize`` returns named statistics, of both classes then, that `tfuq.measures.voxel` turns into maps.
`PackedMasks` is the one exception to constant memory: it keeps a bit per voxel, foreground class and sample, which pairwise
and per-component measures cannot do without.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import tensorflow as tf

State = Any
Shape = Sequence  # of one sample's p: scalar tensors, the channels a plain number
_STEPS = 10  # of a fixed-point iteration whose error falls by half or more


class Reducer(Protocol):
    """``initialize(shape of p, T) → state``; ``update(state, p, t) → state`` for t = 0 … T−1; ``finalize``."""

    def initialize(self, shape: Shape, samples: tf.Tensor) -> State: ...

    def update(self, state: State, p: tf.Tensor, t: tf.Tensor) -> State: ...

    def finalize(self, state: State, samples: tf.Tensor) -> dict[str, tf.Tensor]: ...


class LastSample:
    """The last sample as it is, ``sample``: all there is to know of a network that draws nothing."""

    def initialize(self, shape, samples):
        return tf.zeros(shape)

    def update(self, state, p, t):
        return p

    def finalize(self, state, samples):
        return {"sample": state}


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
        return tuple(terms - tf.math.xlogy(q, q) for terms, q in zip(state, parts, strict=True))

    def finalize(self, state, samples):
        return {"entropy_terms": tf.concat(state, -1) / tf.cast(samples, state[0].dtype)}


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
        return state - tf.math.xlogy(sums, sums)

    def finalize(self, state, samples):
        return {"region_entropy_terms": state / tf.cast(samples, state.dtype)}


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


class LandmarkSamples:
    """Every sample's landmarks, ``landmarks [N, T, L, 3]``: x and y in pixels, and the heatmap's value at its maximum.

    ``p`` is one sample's heatmaps ``[N, rows, columns, L]``, beside which it may have as many ``companions``: maps whose values
    where the heatmaps have their maximum become a fourth column. The maximum is refined by the centroid, weighted by squares, of the
    pixels within 2σ of it: the position of which a Gaussian of width σ has that centroid among these pixels. The two differ
    where the border of the image cuts the Gaussian. A map that is nowhere positive about its maximum is not refined.
    """

    def __init__(self, sigma: float, *, companions: bool = False):
        self._companions = companions
        self._radius, self._variance = math.ceil(2 * sigma), sigma**2 / 2  # of the squares

    def initialize(self, shape, samples):
        return tf.zeros([samples, shape[0], shape[-1] // 2, 4] if self._companions else [samples, shape[0], shape[-1], 3])

    def update(self, state, p, t):
        maps = tf.split(p, 2, axis=-1) if self._companions else [p]
        return tf.tensor_scatter_nd_update(state, [[t]], self.peaks(*maps)[None])

    def finalize(self, state, samples):
        return {"landmarks": tf.transpose(state, [1, 0, 2, 3])}

    def peaks(self, heatmaps: tf.Tensor, companions: tf.Tensor | None = None) -> tf.Tensor:
        """The landmarks of one sample: ``[N, L, 3]``, or ``[N, L, 4]`` with companions."""
        r, shape = self._radius, tf.shape(heatmaps)
        maps = tf.transpose(heatmaps, [0, 3, 1, 2])  # [N, L, rows, columns]
        flat = tf.reshape(maps, [shape[0], shape[3], -1])
        best = tf.argmax(flat, axis=-1, output_type=tf.int32)
        place = tf.stack([best % shape[2], best // shape[2]], -1)  # [N, L, 2] as (x, y)
        padded = tf.pad(maps, [[0, 0], [0, 0], [r, r], [r, r]])
        steps = tf.range(2 * r + 1)
        wide = shape[2] + 2 * r
        x, y = place[..., 0, None, None], place[..., 1, None, None]
        window = (y + steps[:, None]) * wide + x + steps  # of the padded maps
        values = tf.gather(tf.reshape(padded, [shape[0], shape[3], -1]), window, batch_dims=2)
        weights = tf.square(tf.nn.relu(values))
        sums = tf.stack([tf.reduce_sum(weights, -2), tf.reduce_sum(weights, -1)], -2)  # [N, L, 2, 2r + 1]
        pixels = tf.cast(place[..., None] + steps - r, heatmaps.dtype)
        size = tf.cast(tf.stack([shape[2], shape[1]]), heatmaps.dtype)
        refined = self._centre(sums, pixels, size)
        found = tf.where(tf.reduce_sum(sums, -1) > 0, refined, tf.cast(place, heatmaps.dtype))
        columns = [found, tf.reduce_max(flat, axis=-1)[..., None]]
        if companions is not None:
            beside = tf.reshape(tf.transpose(companions, [0, 3, 1, 2]), [shape[0], shape[3], -1])
            columns.append(tf.gather(beside, best, batch_dims=2)[..., None])
        return tf.concat(columns, axis=-1)

    def _centre(self, sums, pixels, size):
        """Where along each axis a Gaussian has the centroid that the ``sums [N, L, 2, 2r + 1]`` at ``pixels`` have."""
        found = _centroid(sums, pixels)
        within = tf.cast((pixels >= 0) & (pixels < size[:, None]), sums.dtype)
        centre = found
        for _ in range(_STEPS):
            distance = tf.square(pixels - centre[..., None])
            nearest = tf.reduce_min(distance, axis=-1, keepdims=True)  # lest all of a narrow one vanish
            gaussian = within * tf.exp((nearest - distance) / (2 * self._variance))
            centre = tf.clip_by_value(centre + found - _centroid(gaussian, pixels), -0.5, size - 0.5)
        return centre


def _centroid(weights, pixels):
    return tf.math.divide_no_nan(tf.reduce_sum(weights * pixels, -1), tf.reduce_sum(weights, -1))


def at_most_one(p: tf.Tensor) -> tf.Tensor:
    """Probabilities that adding up (over windows or classes) may have rounded to above 1: there 1 − p and −p log p are negative."""
    return tf.minimum(p, 1.0)


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


def _foreground(channels: int) -> int:
    """Classes other than the first; a binary network's one channel is such a class."""
    return max(channels - 1, 1)


def _packed_size(shape: Shape) -> tf.Tensor:
    return (tf.reduce_prod(shape[1:-1]) + 7) // 8
