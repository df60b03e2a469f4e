"""Scaling in the sampling graph: reducers that see scaled samples, the mean before it, and samples to fit it on."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfuq.reducers import Moments, Reducer
from tfuq.scoring.recalibration import TINY


class Scaled:
    """Reducers that see softmax(w ⊙ log p + b) in the place of each sample's probabilities p.

    It is done to whole samples, not to windows: what overlapping windows say is blended before anything non-linear.
    """

    def __init__(self, reducers: Sequence[Reducer], weights: Sequence[float], bias: Sequence[float]):
        self._reducers = tuple(reducers)
        self._weights, self._bias = tf.constant(weights, tf.float32), tf.constant(bias, tf.float32)

    def initialize(self, shape, samples):
        return tuple(reducer.initialize(shape, samples) for reducer in self._reducers)

    def update(self, state, p, t):
        q = self._scaled(p)
        return tuple(reducer.update(part, q, t) for reducer, part in zip(self._reducers, state, strict=True))

    def finalize(self, state, samples):
        statistics: dict[str, tf.Tensor] = {}
        for reducer, part in zip(self._reducers, state, strict=True):
            statistics |= reducer.finalize(part, samples)
        return statistics

    def _scaled(self, p: tf.Tensor) -> tf.Tensor:
        q = tf.nn.softmax(tf.math.log(tf.maximum(_both(p), TINY)) * self._weights + self._bias)
        return q[..., 1:] if p.shape[-1] == 1 else q


class UnscaledMean(Moments):
    """Mean of the samples as they are, ``uncalibrated [N, *S, K]``."""

    def finalize(self, state, samples):
        return {"uncalibrated": super().finalize(state, samples)["mean"]}


class PickedSamples:
    """Samples at up to ``count`` voxels of an example, at random but ever the same: ``picked [N, T, m, K]`` and the voxels' numbers
    ``places [N, m]``. An output without space has one."""

    def __init__(self, count: int):
        self._count = count

    def initialize(self, shape, samples):
        places = self._places(shape)
        return tf.zeros([samples, shape[0], tf.shape(places)[0], shape[-1]]), places

    def update(self, state, p, t):
        picked, places = state
        flat = tf.reshape(p, [tf.shape(p)[0], -1, p.shape[-1]])
        return tf.tensor_scatter_nd_update(picked, [[t]], tf.gather(flat, places, axis=1)[None]), places

    def finalize(self, state, samples):
        picked, places = state
        samples_first = tf.transpose(picked, [1, 0, 2, 3])
        return {"picked": _both(samples_first), "places": tf.tile(places[None], [tf.shape(samples_first)[0], 1])}

    def _places(self, shape) -> tf.Tensor:
        voxels = tf.cast(tf.reduce_prod([tf.constant(1), *shape[1:-1]]), tf.int32)
        drawn = tf.random.stateless_uniform([self._count], [0, 0], maxval=voxels, dtype=tf.int32)
        return tf.cond(voxels <= self._count, lambda: tf.range(voxels), lambda: drawn)


def _both(p: tf.Tensor) -> tf.Tensor:
    """``[..., K]``, of a binary network's sample too."""
    return tf.concat([1.0 - p, p], -1) if p.shape[-1] == 1 else p
