"""The reducer of each member's probabilities, in addition to those of `tfuq.measures.reducers`."""

from __future__ import annotations

import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics, Shape
from tfuq.measures.reducers.classes import with_background
from tfuq.sampling.posterior import Posterior

State = tuple[tf.Tensor, tf.Tensor, tf.Tensor]  # means, squares, ends


class MemberMoments:
    """Each member's mean, and the variance between and within members, averaged over classes.

    Statistics:

    * ``members [N, M, *S, K]``: each member's mean.
    * ``between_member_variance [N, *S]``: variance of the members' means; each weighs as many
      samples as it has.
    * ``within_member_variance [N, *S]``: variance of samples about their member's mean.
    """

    def __init__(self, posterior: Posterior, members: int) -> None:
        """Make the reducer.

        Args:
            posterior: assigns samples to members.
            members: how many of the posterior's members have samples; they are the first ones.
        """
        self._posterior = posterior
        self._members = members

    def initialize(self, shape: Shape, samples: tf.Tensor) -> State:
        means = tf.zeros([self._members, *shape])
        squares = tf.zeros(shape)
        ends = tf.cumsum(self._counts(samples))
        return means, squares, ends

    def update(self, state: State, p: tf.Tensor, t: tf.Tensor) -> State:
        means, squares, ends = state
        is_past = tf.cast(ends <= t, tf.int32)
        member = tf.reduce_sum(is_past)
        starts = tf.concat([[0], ends], 0)
        earlier = t - starts[member]
        mean = means[member]
        updated_mean = mean + (p - mean) / tf.cast(earlier + 1, p.dtype)
        # Welford 1962: equal samples add exactly nothing.
        squares += (p - mean) * (p - updated_mean)
        updated_means = tf.tensor_scatter_nd_update(means, [[member]], updated_mean[None])
        return updated_means, squares, ends

    def finalize(self, state: State, samples: tf.Tensor) -> SampleStatistics:
        means, squares, _ = state
        count = tf.cast(samples, means.dtype)
        weights = tf.cast(self._counts(samples), means.dtype) / count
        offsets = means - means[0]  # exactly 0 where members are equal
        centre = tf.tensordot(weights, offsets, 1)
        between = tf.tensordot(weights, tf.square(offsets - centre), 1)
        if means.shape[-1] == 1:
            means = with_background(means)
        return {
            "members": tf.experimental.numpy.moveaxis(means, 0, 1),
            "between_member_variance": tf.reduce_mean(between, -1),
            "within_member_variance": tf.reduce_mean(squares, -1) / count,
        }

    def _counts(self, samples: tf.Tensor) -> tf.Tensor:
        """How many samples each member has, int32 ``[M]``."""
        return tf.stack([self._posterior.draws(k, samples) for k in range(self._members)])
