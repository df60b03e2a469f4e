"""What each member of an ensemble says by itself: a reducer beside those of `tfuq.reducers`."""

from __future__ import annotations

import tensorflow as tf

from tfuq.posterior import Posterior


class MemberMoments:
    """Each member's mean, ``members [N, M, *S, K]``, and the variance of samples, meaned over classes, in two parts ``[N, *S]``:
    ``between_member_variance`` of the members' means, each weighing as many samples as it has, and ``within_member_variance`` of
    samples about their member's mean."""

    def __init__(self, posterior: Posterior, members: int):
        """``members``: how many of the posterior's have samples, the first ones."""
        self._posterior, self._members = posterior, members

    def initialize(self, shape, samples):
        return tf.zeros([self._members, *shape]), tf.zeros(shape), tf.cumsum(self._counts(samples))

    def update(self, state, p, t):
        means, squares, ends = state
        member = tf.reduce_sum(tf.cast(ends <= t, tf.int32))
        earlier = t - tf.concat([[0], ends], 0)[member]
        mean = means[member]
        updated = mean + (p - mean) / tf.cast(earlier + 1, p.dtype)
        squares += (p - mean) * (p - updated)  # Welford 1962: equal samples add exactly nothing
        return tf.tensor_scatter_nd_update(means, [[member]], updated[None]), squares, ends

    def finalize(self, state, samples):
        means, squares, _ = state
        count = tf.cast(samples, means.dtype)
        weights = tf.cast(self._counts(samples), means.dtype) / count
        offsets = means - means[0]  # exactly 0 where members are equal
        between = tf.tensordot(weights, tf.square(offsets - tf.tensordot(weights, offsets, 1)), 1)
        whole = tf.concat([1.0 - means, means], -1) if means.shape[-1] == 1 else means
        return {
            "members": tf.experimental.numpy.moveaxis(whole, 0, 1),
            "between_member_variance": tf.reduce_mean(between, -1),
            "within_member_variance": tf.reduce_mean(squares, -1) / count,
        }

    def _counts(self, samples):
        return tf.stack([self._posterior.draws(member, samples) for member in range(self._members)])
