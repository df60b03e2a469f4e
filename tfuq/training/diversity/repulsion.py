"""Repulsion of members in function space: the density of members about each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import tensorflow as tf

_LEAST_DISTANCE = 1e-12  # squared; members nearer than that count as equal


def log_densities(
    members: Sequence[tf.Tensor],
    weights: tf.Tensor,
    total: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
    replicas: int = 1,
) -> list[tf.Tensor]:
    """log of the density of members about each member, by a kernel density estimate.

        log (1/M) Σ_j k(f_i, f_j),    k(f, g) = exp(−|f − g|² / h),
        h = median |f_i − f_j|² / log (M + 1).

    f are the outputs for the whole batch. Descent on it is the repulsion of the Wasserstein
    gradient flow: the other members and the bandwidth h are constants for a member, as in the
    authors' code. The median is over pairs of different members.

    Args:
        members: Probabilities of each member, ``[N, terms, K]``, of the same examples.
        weights: Of the terms of each example in the squared distance, ``[N, terms]``.
        total: Adds up a tensor over replicas, each of which has a share of the batch.
        replicas: How many there are.

    Returns:
        A number for each member, from −log M to 0. Over all replicas it and its gradient add up to
        those of the whole batch.

    References:
        D'Angelo & Fortuin 2021, Repulsive deep ensembles are Bayesian (arXiv:2106.11642), §4.
        Liu & Wang 2016, Stein variational gradient descent, for the bandwidth.
    """
    count = len(members)
    constants = [tf.stop_gradient(p) for p in members]
    distances = total(_squared_distances(constants, weights))
    bandwidth = _median_of_pairs(distances) / math.log(count + 1)
    kernel = tf.exp(-distances / bandwidth)
    shares = kernel / tf.reduce_sum(kernel, axis=1, keepdims=True)
    values = tf.math.log(tf.reduce_mean(kernel, axis=1)) / replicas
    scale = -2.0 / bandwidth
    densities = []
    for i, p in enumerate(members):
        slope = tf.zeros_like(p)  # of the log density by the member's outputs
        for j, other in enumerate(constants):
            if j != i:
                slope += scale * shares[i, j] * (constants[i] - other)
        slope *= weights[..., None]
        linear = tf.reduce_sum(slope * p)  # whose gradient is the slope
        densities.append(values[i] + linear - tf.stop_gradient(linear))
    return densities


def _squared_distances(members: Sequence[tf.Tensor], weights: tf.Tensor) -> tf.Tensor:
    """``[M, M]``, of what this replica has of the batch.

    Differences are taken one by one: a product of matrices would lose small ones by cancellation.
    """
    rows = []
    for p in members:
        row = []
        for other in members:
            squares = tf.reduce_sum(tf.math.squared_difference(p, other), axis=-1)
            row.append(tf.reduce_sum(weights * squares))
        rows.append(tf.stack(row))
    return tf.stack(rows)


def _median_of_pairs(distances: tf.Tensor) -> tf.Tensor:
    """The median over pairs of different members."""
    count = distances.shape[0]
    pairs = [distances[i, j] for i in range(count) for j in range(i)]
    ordered = tf.sort(tf.stack(pairs))
    middle = (ordered[(len(pairs) - 1) // 2] + ordered[len(pairs) // 2]) / 2
    return tf.maximum(middle, _LEAST_DISTANCE)
