"""Scaling in the sampling graph.

There are reducers that see scaled samples, the mean before scaling, and samples to fit it on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.calibration.scaling import TINY
from tfuq.measures.reducers import Moments, Reducer
from tfuq.measures.reducers.base import SampleStatistics, Shape, State

_States = tuple[State, ...]


class Scaled:
    """Reducers that see softmax(w ⊙ log p + b) in the place of each sample's probabilities p.

    It is done to whole samples, not to windows: what overlapping windows say is blended before
    anything non-linear.
    """

    def __init__(
        self,
        reducers: Sequence[Reducer],
        weights: Sequence[float],
        bias: Sequence[float],
    ) -> None:
        """Wrap reducers.

        Args:
            reducers: of scaled samples.
            weights: w, ``[K]``.
            bias: b, ``[K]``.
        """
        self._reducers = tuple(reducers)
        self._weights = tf.constant(weights, tf.float32)
        self._bias = tf.constant(bias, tf.float32)

    def initialize(self, shape: Shape, samples: tf.Tensor) -> _States:
        """The states of all reducers, see `tfuq.measures.reducers.base.Reducer`."""
        return tuple(reducer.initialize(shape, samples) for reducer in self._reducers)

    def update(self, state: _States, p: tf.Tensor, t: tf.Tensor) -> _States:
        """The states after a sample, see `tfuq.measures.reducers.base.Reducer`."""
        q = self._scaled(p)
        states = []
        for reducer, reducer_state in zip(self._reducers, state, strict=True):
            states.append(reducer.update(reducer_state, q, t))
        return tuple(states)

    def finalize(self, state: _States, samples: tf.Tensor) -> SampleStatistics:
        """The statistics of all reducers, see `tfuq.measures.reducers.base.Reducer`."""
        statistics: SampleStatistics = {}
        for reducer, reducer_state in zip(self._reducers, state, strict=True):
            statistics |= reducer.finalize(reducer_state, samples)
        return statistics

    def _scaled(self, p: tf.Tensor) -> tf.Tensor:
        floored = tf.maximum(_both_classes(p), TINY)
        logits = tf.math.log(floored) * self._weights + self._bias
        q = tf.nn.softmax(logits)
        if p.shape[-1] == 1:
            return q[..., 1:]
        return q


class UnscaledMean(Moments):
    """Mean of the samples as they are, ``uncalibrated [N, *S, K]``."""

    def finalize(self, state: State, samples: tf.Tensor) -> SampleStatistics:
        """The mean, see `tfuq.measures.reducers.base.Reducer`."""
        moments = super().finalize(state, samples)
        return {"uncalibrated": moments["mean"]}


class PickedSamples:
    """Samples at chosen voxels of each example: ``picked [N, T, m, K]``.

    Of a volume that is sampled part by part, each part has the samples of its own voxels, and N is
    1: the parts together have those of all examples, one example after another.

    Attributes:
        places: numbers of the voxels that are looked at, int64 variable ``[m]``.
    """

    def __init__(self) -> None:
        """Begin with voxel 0, which is all that an output without space has."""
        self.places = tf.Variable([0], shape=[None], dtype=tf.int64, trainable=False)
        self._first = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._of_all_examples = np.zeros(1, np.int64)

    def pick(self, places: np.ndarray, *, voxels: int, examples: int) -> None:
        """Choose voxels. It comes before each case, as padding moves the scan's own voxels.

        Args:
            places: their numbers in an example as the network takes it, in ascending order ``[m]``.
            voxels: of such an example.
            examples: of the case.
        """
        starts = voxels * np.arange(examples)
        self._of_all_examples = (starts[:, None] + places).ravel()
        self.places.assign(places)
        self._first.assign(0)

    def begin_part(self, first: int) -> None:
        """See `tfuq.measures.reducers.base.PlacedReducer`."""
        self.places.assign(self._of_all_examples)
        self._first.assign(first)

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """No samples, and the voxels' numbers, see `tfuq.measures.reducers.base.Reducer`."""
        voxels = tf.constant(1, tf.int64)
        for size in shape[1:-1]:
            voxels *= tf.cast(size, tf.int64)
        numbers = self.places - self._first
        places = tf.boolean_mask(numbers, (numbers >= 0) & (numbers < voxels))
        picked = tf.zeros([samples, shape[0], tf.shape(places)[0], shape[-1]])
        return picked, places

    def update(
        self,
        state: tuple[tf.Tensor, tf.Tensor],
        p: tf.Tensor,
        t: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The samples with another one, see `tfuq.measures.reducers.base.Reducer`."""
        picked, places = state
        examples = tf.shape(p)[0]
        flat = tf.reshape(p, [examples, -1, p.shape[-1]])
        sample = tf.gather(flat, places, axis=1)
        picked = tf.tensor_scatter_nd_update(picked, [[t]], sample[None])
        return picked, places

    def finalize(
        self,
        state: tuple[tf.Tensor, tf.Tensor],
        samples: tf.Tensor,
    ) -> SampleStatistics:
        """The samples, see `tfuq.measures.reducers.base.Reducer`."""
        picked, _ = state
        by_example = tf.transpose(picked, [1, 0, 2, 3])
        return {"picked": _both_classes(by_example)}


def choose_places(voxels: int, count: int) -> np.ndarray:
    """Choose up to ``count`` voxels of an example by a seed that never changes.

    Args:
        voxels: how many the example has.
        count: how many are wanted.

    Returns:
        Their numbers in ascending order: all where there are no more than wanted, else ``count``,
        chosen with replacement.
    """
    if voxels <= count:
        return np.arange(voxels)
    chosen = tf.random.stateless_uniform([count], [0, 0], maxval=voxels, dtype=tf.int32)
    indices: np.ndarray = np.sort(chosen.numpy()).astype(np.int64)
    return indices


def _both_classes(p: tf.Tensor) -> tf.Tensor:
    """``[..., K]``, of a binary network's sample too."""
    if p.shape[-1] == 1:
        return tf.concat([1.0 - p, p], -1)
    return p
