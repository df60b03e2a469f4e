"""Penalties by which members that are trained together differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.config import Config
from tfuq.config.ensemble import NEGATIVE_CORRELATION, REPULSIVE
from tfuq.data.sets.dataset import TrainingSet
from tfuq.training.diversity.negative_correlation import negative_correlation
from tfuq.training.diversity.repulsion import log_densities
from tfuq.training.diversity.step import Coupling
from tfuq.training.member_data import member_rows, posterior_scale

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


def coupling_of(config: Config, training: TrainingSet) -> Coupling:
    """The penalty of the configured kind of diversity.

    Args:
        config: The configuration.
        training: The training examples of the run.
    """
    return _COUPLINGS[config.ensemble.diversity](config, training)


def _correlating(config: Config, _training: TrainingSet) -> Coupling:
    strength = config.ensemble.strength
    if strength is None:
        strength = _HALF
    return correlating(strength, config.training.batch_size)


def _repelling(config: Config, training: TrainingSet) -> Coupling:
    strength = config.ensemble.strength
    if strength is None:
        strength = posterior_scale(config, training, member_rows(config, training, 0))
    return repelling(strength)


_COUPLINGS: dict[str, Callable[[Config, TrainingSet], Coupling]] = {
    NEGATIVE_CORRELATION: _correlating,
    REPULSIVE: _repelling,
}


def _total(value: tf.Tensor) -> tf.Tensor:
    """The sum over replicas; one that is alone exchanges nothing, as XLA could not compile it."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
