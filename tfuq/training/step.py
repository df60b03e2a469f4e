"""One optimization step, on every replica of a strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras
from tf_keras.mixed_precision import LossScaleOptimizer

from tfuq.config import Config
from tfuq.networks.layers import FLOAT32, ConditionalCode, LatentCode, fold_in
from tfuq.networks.weights import Arrays, model_arrays
from tfuq.tasks import TaskLoss
from tfuq.training.optimizer import make_optimizer

Logs = dict[str, tf.Tensor]
Penalty = Callable[[], tf.Tensor]


class TrainingStep:
    """``(images, targets, seed, kl_weight) → {loss, data_loss, kl}``, all summed over replicas.

    A network with a latent code also has ``code_kl``, and one with a penalty ``penalty``. ``kl`` is
    the KL divergence as it is scaled already (see `tfuq.sampling.members.KlScale`).
    """

    def __init__(
        self,
        config: Config,
        strategy: tf.distribute.Strategy,
        model: tf_keras.Model,
        loss: TaskLoss,
        held_steps: int = 0,
        policy: str = FLOAT32,
        with_xla: bool = False,
        penalty: Penalty | None = None,
    ) -> None:
        """Make the optimizer and its variables.

        Args:
            config: The configuration.
            strategy: The devices.
            model: The network.
            loss: The data term of the objective.
            held_steps: As `tfuq.training.optimizer.WidthAdam` takes them.
            policy: How the network's layers compute, see `tfuq.networks.layers.LayerFactory`.
                With float16 the loss is scaled, as small gradients would vanish.
            with_xla: Whether XLA compiles the whole step of a replica. It pays on GPUs. Replicas
                that exchange gradients cannot be compiled so.
            penalty: A term of the loss that the weights alone decide; None for no such term.
        """
        self.strategy = strategy
        self.model = model
        self._loss = loss
        self._penalty = penalty
        self._batch = config.training.batch_size
        self._has_averages = config.training.ema is not None
        self._epsilon = config.ensemble.adversarial_epsilon
        self._rate: float | None = None  # as it was set last
        self._step_of_replica = self._replica_step
        if with_xla:
            self._step_of_replica = tf.function(
                self._replica_step, autograph=False, jit_compile=True
            )
        with strategy.scope():
            self.optimizer = _scaling(make_optimizer(config, held_steps), policy)
            self.optimizer.build(model.trainable_variables)

    def arrays(self, network: tf_keras.Model) -> Arrays:
        """The weights that a network predicts with, by the names of variables.

        Args:
            network: The trained one, or a part of it.

        Returns:
            With ``training.ema`` moving averages; else the weights as they are.
        """
        if not self._has_averages:
            return model_arrays(network)
        variables = self.model.trainable_variables
        present = [variable.numpy() for variable in variables]
        self.optimizer.finalize_variable_values(variables)
        averages = model_arrays(network)
        for variable, value in zip(variables, present, strict=True):
            variable.assign(value)
        return averages

    def set_learning_rate(self, rate: float) -> None:
        """Take steps with a learning rate from now on."""
        if rate != self._rate:  # to assign a variable takes as long as a small layer
            self.optimizer.learning_rate = rate
            self._rate = rate

    @tf.function(autograph=False)
    def __call__(
        self,
        images: tf.Tensor,
        targets: tf.Tensor,
        seed: tf.Tensor,
        kl_weight: tf.Tensor,
    ) -> Logs:
        """Take a step.

        Args:
            images: The global batch ``[N, *patch, C]``.
            targets: As the task has them, ``[N, …]``.
            seed: int32 ``[2]``.
            kl_weight: The warm-up's share of the KL divergence, 0 to 1.
        """
        arguments = (images, targets, seed, kl_weight)
        per_replica = self.strategy.run(self._step_of_replica, arguments)
        logs = {}
        for name, value in per_replica.items():
            logs[name] = self.strategy.reduce("SUM", value, axis=None)
        return logs

    def _replica_step(
        self,
        images: tf.Tensor,
        targets: tf.Tensor,
        seed: tf.Tensor,
        kl_weight: tf.Tensor,
    ) -> Logs:
        seed = replica_seed(seed)
        if self._epsilon:
            adversarial = self._adversarial(images, targets, seed)
            images = tf.concat([images, adversarial], 0)
            targets = tf.concat([targets, targets], 0)
        with tf.GradientTape() as tape:
            outputs = self.outputs(images, targets, seed)
            logs = self.terms(targets, outputs, seed, kl_weight)
            objective = self.scaled(logs["loss"])
        self.descend(tape.gradient(objective, self.model.trainable_variables))
        return logs

    def outputs(self, images: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor) -> Any:
        """What the network gives for examples, as training calls it.

        Args:
            images: Of the replica ``[N, *patch, C]``.
            targets: Of the replica; an input of networks that infer a code from labels.
            seed: Of the replica.
        """
        inputs = [images, seed, targets][: len(self.model.inputs)]
        return self.model(inputs, training=True)

    def terms(
        self, targets: tf.Tensor, outputs: tf.Tensor, seed: tf.Tensor, kl_weight: tf.Tensor
    ) -> Logs:
        """A replica's part of the loss, and of its terms, by name.

        Args:
            targets: Of the replica's examples.
            outputs: Of the network for them, in its last call.
            seed: Of the replica.
            kl_weight: As a step takes it.
        """
        data_loss = self._data_loss(targets, outputs, seed)
        # Each replica adds the whole of what the weights alone decide, so each takes its share.
        replicas = tf.distribute.get_replica_context().num_replicas_in_sync
        divergences = {}
        for name, value in self._divergences().items():
            divergences[name] = value / replicas
        total = data_loss + kl_weight * divergences["kl"]
        if self._penalty is not None:
            divergences["penalty"] = self._penalty() / replicas
            total += divergences["penalty"]
        return {"loss": total, "data_loss": data_loss, **divergences}

    def descend(self, gradients: list[tf.Tensor]) -> None:
        """Take the optimizer's step.

        Args:
            gradients: Of the scaled loss, by the trainable variables.
        """
        variables = self.model.trainable_variables
        unscaled = self._unscaled(gradients)
        self.optimizer.apply_gradients(zip(unscaled, variables, strict=True))

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss as gradients are taken of it."""
        if isinstance(self.optimizer, LossScaleOptimizer):
            return self.optimizer.get_scaled_loss(loss)
        return loss

    def _unscaled(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """Gradients of the loss, of those of the scaled one."""
        if isinstance(self.optimizer, LossScaleOptimizer):
            unscaled: list[tf.Tensor] = self.optimizer.get_unscaled_gradients(gradients)
            return unscaled
        return gradients

    def _divergences(self) -> Logs:
        """``kl`` is all that the model added in its last call; ``code_kl`` is a latent code's."""
        of_codes = []
        for layer in self.model.layers:
            if isinstance(layer, (ConditionalCode, LatentCode)):
                of_codes += layer.losses
        divergences = {"kl": tf.add_n(self.model.losses or [tf.zeros([])])}
        if of_codes:
            divergences["code_kl"] = tf.add_n(of_codes)
        return divergences

    def _data_loss(self, targets: tf.Tensor, outputs: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The replica's part of the mean over the global batch."""
        losses = self._loss(targets, outputs, seed)
        return tf.reduce_sum(losses) / self._examples

    @property
    def _examples(self) -> int:
        """Examples of the global batch, with the adversarial ones."""
        if self._epsilon:
            return 2 * self._batch
        return self._batch

    def _adversarial(self, images: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Examples by the fast gradient sign, with ε in units of each image's own range.

        References:
            Lakshminarayanan et al. 2017, Simple and scalable predictive uncertainty estimation
            using deep ensembles, §2.3.
        """
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = self.outputs(images, targets, seed)
            loss = self.scaled(self._data_loss(targets, outputs, seed))
        axes = list(range(1, images.shape.rank))
        highest = tf.reduce_max(images, axes, keepdims=True)
        lowest = tf.reduce_min(images, axes, keepdims=True)
        size = self._epsilon * (highest - lowest)
        gradient = tape.gradient(loss, images)
        return tf.stop_gradient(images + size * tf.sign(gradient))


def replica_seed(seed: tf.Tensor) -> tf.Tensor:
    """The seed of a step for the replica that it is called in."""
    context = tf.distribute.get_replica_context()
    return fold_in(seed, context.replica_id_in_sync_group)


def _scaling(
    optimizer: tf_keras.optimizers.Optimizer, policy: str
) -> tf_keras.optimizers.Optimizer:
    """The optimizer, which scales the loss where the policy needs it."""
    if tf_keras.mixed_precision.Policy(policy).compute_dtype == "float16":
        return LossScaleOptimizer(optimizer)
    return optimizer
