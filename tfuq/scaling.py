"""Scaling in the sampling graph: reducers that see scaled samples, the mean before it, and samples to fit it on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
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
    """Samples at chosen voxels of each example: ``picked [N, T, m, K]``.

    ``places [m]`` is a variable: the voxels' numbers in an example as the network takes it, the same for
    all examples of a call. It is set before each case, as padding moves the scan's own voxels. An
    output without space has voxel 0 alone, which is what it holds at first.
    """

    def __init__(self):
        self.places = tf.Variable([0], shape=[None], dtype=tf.int64, trainable=False)

    def initialize(self, shape, samples):
        places = tf.identity(self.places)
        return tf.zeros([samples, shape[0], tf.shape(places)[0], shape[-1]]), places

    def update(self, state, p, t):
        picked, places = state
        flat = tf.reshape(p, [tf.shape(p)[0], -1, p.shape[-1]])
        return tf.tensor_scatter_nd_update(picked, [[t]], tf.gather(flat, places, axis=1)[None]), places

    def finalize(self, state, samples):
        picked, _ = state
        return {"picked": _both(tf.transpose(picked, [1, 0, 2, 3]))}


def choose_places(voxels: int, count: int) -> np.ndarray:
    """Choose up to ``count`` voxels of an example by a seed that never changes.

    Args:
        voxels: how many the example has.
        count: how many are wanted.

    Returns:
        Their numbers: all where there are no more than wanted, else ``count``, drawn with replacement.
    """
    if voxels <= count:
        return np.arange(voxels)
    drawn = tf.random.stateless_uniform([count], [0, 0], maxval=voxels, dtype=tf.int32)
    return drawn.numpy().astype(np.int64)


def _both(p: tf.Tensor) -> tf.Tensor:
    """``[..., K]``, of a binary network's sample too."""
    return tf.concat([1.0 - p, p], -1) if p.shape[-1] == 1 else p
