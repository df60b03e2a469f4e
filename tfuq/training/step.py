"""One optimization step, on every replica of a strategy."""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.layers import LatentCode, fold_in
from tfuq.tasks import TaskLoss
from tfuq.training.optimizer import make_optimizer

Logs = dict[str, tf.Tensor]


class TrainingStep:
    """``(images, labels, seed, kl_weight) → {loss, data_loss, kl}``, all summed over replicas; ``code_kl`` of a latent code too.

    ``kl`` is the KL divergence already scaled (see `tfuq.members.KlScale`); ``kl_weight`` is the warm-up's share of it.
    """

    def __init__(self, config: Config, strategy: tf.distribute.Strategy, model: tf_keras.Model, loss: TaskLoss):
        self.strategy, self.model, self._loss = strategy, model, loss
        self._batch = config.training.batch_size
        self._epsilon = config.ensemble.adversarial_epsilon
        with strategy.scope():
            self.optimizer = make_optimizer(config)
            self.optimizer.build(model.trainable_variables)

    @tf.function
    def __call__(self, images, labels, seed, kl_weight) -> Logs:
        per_replica = self.strategy.run(self._replica_step, (images, labels, seed, kl_weight))
        return {name: self.strategy.reduce("SUM", value, axis=None) for name, value in per_replica.items()}

    def _replica_step(self, images, labels, seed, kl_weight) -> Logs:
        context = tf.distribute.get_replica_context()
        seed = fold_in(seed, context.replica_id_in_sync_group)
        if self._epsilon:
            adversarial = self._adversarial(images, labels, seed)
            images, labels = tf.concat([images, adversarial], 0), tf.concat([labels, labels], 0)
        with tf.GradientTape() as tape:
            data_loss = self._data_loss(images, labels, seed)
            # Each replica adds the whole KL, so each takes its share of it.
            kl = {name: value / context.num_replicas_in_sync for name, value in self._divergences().items()}
            total = data_loss + kl_weight * kl["kl"]
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return {"loss": total, "data_loss": data_loss, **kl}

    def _divergences(self):
        """``kl``: all that the model added in its last call; ``code_kl``: the part of that which is a latent code's."""
        of_codes = [loss for layer in self.model.layers if isinstance(layer, LatentCode) for loss in layer.losses]
        total = {"kl": tf.add_n(self.model.losses or [tf.zeros([])])}
        return total | ({"code_kl": tf.add_n(of_codes)} if of_codes else {})

    def _data_loss(self, images, labels, seed):
        """The replica's part of the mean over the global batch."""
        losses = self._loss(labels, self.model([images, seed], training=True), seed)
        return tf.reduce_sum(losses) / (self._batch * (2 if self._epsilon else 1))

    def _adversarial(self, images, labels, seed):
        """Fast-gradient-sign examples, ε of each image's own range (Lakshminarayanan et al. 2017, §2.3)."""
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = self._data_loss(images, labels, seed)
        axes = list(range(1, images.shape.rank))
        extent = tf.reduce_max(images, axes, keepdims=True) - tf.reduce_min(images, axes, keepdims=True)
        return tf.stop_gradient(images + self._epsilon * extent * tf.sign(tape.gradient(loss, images)))
