"""Validation: the mean network (no dropout, posterior means) on whole validation cases."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import TASKS, Config
from tfuq.data.dataset import Examples
from tfuq.members import build_member, windowed
from tfuq.posterior import Posterior
from tfuq.reducers import LastSample
from tfuq.sampling import Sampler
from tfuq.tasks import TaskLoss, task_of


class Validator:
    """``validator(model) → {val_loss, val_<quality>}``: means over the groups of examples; the quality as the task has it.

    Without the quality where no group defines it, as where no validation case has a structure.
    """

    def __init__(self, config: Config, groups: list[Examples], loss: TaskLoss, channels: int):
        self._config, self._groups, self._loss, self._task = config, groups, loss, task_of(config)
        self._mean_network = build_member(config, channels=channels, sources=())
        network = windowed(config, self._mean_network, keep=0)
        self._sampler = Sampler(Posterior([network]), [LastSample()])

    def __call__(self, model: tf_keras.Model) -> dict[str, float]:
        self._mean_network.set_weights(model.get_weights())
        results = np.array([self._group(group) for group in self._groups])
        if not len(results):
            return {}
        losses, qualities = results.T
        defined = qualities[~np.isnan(qualities)]
        found = {"val_loss": float(losses.mean())}
        quality = TASKS[self._config.task].quality
        return found | ({f"val_{quality}": float(defined.mean())} if len(defined) else {})

    def _group(self, group: Examples) -> tuple[float, float]:
        batch, seed, one = self._config.prediction.batch_size, tf.zeros([2], tf.int32), tf.constant(1)
        starts = range(0, len(group.images), batch)
        sample = np.concatenate([self._sampler.sample(group.images[i : i + batch], seed, one)["sample"] for i in starts])
        losses = self._loss(tf.constant(group.targets), self._task.outputs_of(self._config, sample), seed)
        return float(tf.reduce_mean(losses)), self._task.quality(self._config, sample, group.targets)
