"""Penalties by which members that are trained together differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.config import Config
from tfuq.config.ensemble import NEGATIVE_CORRELATION, REPULSIVE
from tfuq.training.diversity.negative_correlation import negative_correlation
from tfuq.training.diversity.repulsion import log_densities
from tfuq.training.diversity.step import Coupling

_HALF = 0.5  # λ, in the middle of those of Liu & Yao 1999


def correlating(strength: float, batch: int) -> Coupling:
    """λ times the mean over the batch of each member's `negative_correlation`.

    Args:
        strength: λ.
        batch: Examples of the global batch.
    """

    def penalties(members: Sequence[tf.Tensor], weights: tf.Tensor) -> list[tf.Tensor]:
        sums = []
        for of_examples in negative_correlation(members, weights):
            sums.append(strength / batch * tf.reduce_sum(of_examples))
        return sums

    return penalties


def repelling(strength: float) -> Coupling:
    """A factor times each member's log density among all of them.

    Args:
        strength: The factor.
    """

    def penalties(members: Sequence[tf.Tensor], weights: tf.Tensor) -> list[tf.Tensor]:
        replicas = tf.distribute.get_replica_context().num_replicas_in_sync
        densities = log_densities(members, weights, _total, replicas)
        return [strength * density for density in densities]

    return penalties


_COUPLINGS: dict[str, Callable[[Config, float], Coupling]] = {
    NEGATIVE_CORRELATION: lambda config, strength: correlating(
        strength, config.training.batch_size
    ),
    REPULSIVE: lambda _, strength: repelling(strength),
}


def default_strength(config: Config, scale: float) -> float:
    """The strength of the configured kind, where the configuration gives none.

    Args:
        config: The configuration.
        scale: What a nat of the log posterior is in the loss. By this strength repulsion is that of
            the paper's gradient flow.
    """
    if config.ensemble.diversity == REPULSIVE:
        return scale
    return _HALF


def coupling_of(config: Config, strength: float) -> Coupling:
    """The penalty of the configured kind of diversity.

    Args:
        config: The configuration.
        strength: Factor on it.
    """
    return _COUPLINGS[config.ensemble.diversity](config, strength)


def _total(value: tf.Tensor) -> tf.Tensor:
    """The sum over replicas; one that is alone exchanges nothing, as XLA could not compile it."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
