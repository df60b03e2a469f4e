"""One optimization step of all members at once, on every replica of a strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfuq.tasks.base import Distributions
from tfuq.training.step import Logs, TrainingStep, replica_seed
from tfuq.training.supervision import finest_outputs

# From the probabilities of each member ([N, terms, K], this replica's examples) and the weights of
# the terms ([N, terms]) to this replica's part of each member's penalty.
Coupling = Callable[[Sequence[tf.Tensor], tf.Tensor], list[tf.Tensor]]


class JointStep:
    """``(images, targets, seeds, kl_weight) → logs of each member``, summed over replicas.

    Every member sees the same batch. The loss of each has a penalty more, by how its outputs stand
    to those of the others. No gradient of it goes through the others, so each optimizer steps as in
    a training of its own.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        members: Sequence[TrainingStep],
        distributions: Distributions,
        coupling: Coupling,
        *,
        with_xla: bool = False,
    ) -> None:
        """Take the steps of the members.

        Args:
            strategy: The devices.
            members: The step of each, which holds its network, loss and optimizer.
            distributions: As `tfuq.tasks.base.Task.distributions` gives it.
            coupling: The penalty of each member.
            with_xla: As `TrainingStep` takes it.
        """
        self._strategy = strategy
        self._members = members
        self._distributions = distributions
        self._coupling = coupling
        self._step_of_replica = self._replica_step
        if with_xla:
            self._step_of_replica = tf.function(
                self._replica_step, autograph=False, jit_compile=True
            )

    @tf.function(autograph=False)
    def __call__(
        self, images: tf.Tensor, targets: tf.Tensor, seeds: tf.Tensor, kl_weight: tf.Tensor
    ) -> list[Logs]:
        """Take a step of each member.

        Args:
            images: The global batch ``[N, *patch, C]``.
            targets: As the task has them, ``[N, …]``.
            seeds: Of each member, int32 ``[M, 2]``.
            kl_weight: As `TrainingStep` takes it.
        """
        arguments = (images, targets, seeds, kl_weight)
        totals = []
        for per_replica in self._strategy.run(self._step_of_replica, arguments):
            logs = {}
            for name, value in per_replica.items():
                logs[name] = self._strategy.reduce("SUM", value, axis=None)
            totals.append(logs)
        return totals

    def _replica_step(
        self, images: tf.Tensor, targets: tf.Tensor, seeds: tf.Tensor, kl_weight: tf.Tensor
    ) -> list[Logs]:
        with tf.GradientTape() as tape:
            all_logs = []
            probabilities = []
            for number, step in enumerate(self._members):
                seed = replica_seed(seeds[number])
                outputs = step.outputs(images, targets, seed)
                all_logs.append(step.terms(targets, outputs, seed, kl_weight))
                p, weights = self._distributions(targets, finest_outputs(outputs), seed)
                probabilities.append(p)
            penalties = self._coupling(probabilities, weights)
            objectives = []
            for step, logs, penalty in zip(self._members, all_logs, penalties, strict=True):
                logs["penalty"] = penalty
                logs["loss"] += penalty
                objectives.append(step.scaled(logs["loss"]))
            objective = tf.add_n(objectives)
        variables = [step.model.trainable_variables for step in self._members]
        gradients = tape.gradient(objective, variables)
        for step, of_member in zip(self._members, gradients, strict=True):
            step.descend(of_member)
        return all_logs
