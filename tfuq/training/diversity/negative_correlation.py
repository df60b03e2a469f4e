"""Negative correlation learning: members are rewarded for errors that do not agree."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def negative_correlation(members: Sequence[tf.Tensor], weights: tf.Tensor) -> list[tf.Tensor]:
    """The penalty of each member: (f_i − f̄) · Σ_{j≠i} (f_j − f̄), which is −|f_i − f̄|².

    As in the paper, the mean f̄ and the other members are constants for a member. So the gradient
    by f_i is −(f_i − f̄), and no member learns by the outputs of another.

    Args:
        members: Probabilities of each member, ``[N, terms, K]``, of the same examples.
        weights: Of the terms of each example, ``[N, terms]``.

    Returns:
        For each member ``[N]``: the weighted sum over the terms of an example.

    References:
        Liu & Yao 1999, Ensemble learning via negative correlation (Neural Networks 12).
        Brown et al. 2005, Managing diversity in regression ensembles (JMLR 6).
    """
    mean = tf.stop_gradient(tf.add_n(list(members)) / len(members))
    penalties = []
    for p in members:
        others = tf.stop_gradient(mean - p)  # all differences add up to 0
        product = tf.reduce_sum((p - mean) * others, axis=-1)
        penalties.append(tf.reduce_sum(weights * product, axis=-1))
    return penalties
