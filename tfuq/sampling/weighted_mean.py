"""The reducer of a mean over members that do not count alike."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics, Shape
from tfuq.measures.reducers.classes import at_most_one, with_background
from tfuq.measures.reducers.combined import COMBINED
from tfuq.sampling.posterior import Posterior

State = tuple[tf.Tensor, tf.Tensor, tf.Tensor]  # mean, its weight, ends


class WeightedMean:
    """Σ_m w_m p̄_m, where p̄_m is the mean of the samples of member m: ``combined [N, *S, K]``.

    Members of which there is no sample are left out, and the others' weights add up to one.
    """

    def __init__(self, posterior: Posterior, weights: Sequence[float]) -> None:
        """Make the reducer.

        Args:
            posterior: assigns samples to members.
            weights: of its members, above 0.
        """
        self._posterior = posterior
        self._weights = tuple(weights)

    def initialize(self, shape: Shape, samples: tf.Tensor) -> State:
        return tf.zeros(shape), tf.zeros([]), tf.cumsum(self._counts(samples))

    def update(self, state: State, p: tf.Tensor, t: tf.Tensor) -> State:
        mean, total, ends = state
        p = at_most_one(p)
        member = tf.reduce_sum(tf.cast(ends <= t, tf.int32))
        starts = tf.concat([[0], ends], 0)
        weights = tf.constant(self._weights, tf.float32)
        weight = weights[member] / tf.cast(ends[member] - starts[member], tf.float32)
        total += weight
        # Equal samples stay exactly what they are.
        return mean + (p - mean) * (weight / total), total, ends

    def finalize(self, state: State, samples: tf.Tensor) -> SampleStatistics:
        mean, _, _ = state
        if mean.shape[-1] == 1:
            mean = with_background(mean)
        return {COMBINED: mean}

    def _counts(self, samples: tf.Tensor) -> tf.Tensor:
        """How many samples each member has, int32 ``[M]``."""
        members = range(len(self._posterior.members))
        return tf.stack([self._posterior.draws(member, samples) for member in members])
