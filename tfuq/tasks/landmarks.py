"""Landmark regression: a position for every landmark, by way of a heatmap each."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.dataset import Examples
from tfuq.data.landmarks import LandmarkSet, load_examples
from tfuq.losses import Loss, make_heatmap_loss
from tfuq.reducers import LandmarkSamples
from tfuq.tasks.base import one_group


class Landmarks:
    """See `tfuq.tasks.base.Task`."""

    def unit(self, config):
        return "landmark" if config.training.loss.name == "heatmap-cross-entropy" else "heatmap pixel"

    def outputs(self, config: Config) -> int:
        return len(config.data.landmarks)

    def activation(self, config):
        return _pixel_probabilities if config.training.loss.name == "heatmap-cross-entropy" else tf.identity

    def training_set(self, config, cases, statistics):
        return LandmarkSet(config, cases, statistics)

    def validation(self, config, cases, training, statistics) -> list[Examples]:
        return one_group(load_examples, config, cases, training, statistics)

    def loss(self, config, training) -> Loss:
        return make_heatmap_loss(config.training.loss)

    def outputs_of(self, config, sample):
        is_distribution = config.training.loss.name == "heatmap-cross-entropy"
        return tf.math.log(tf.maximum(sample, 1e-12)) if is_distribution else tf.constant(sample)

    def quality(self, config, sample, targets) -> float:
        """Mean radial error in pixels of the network."""
        n, rows, columns, landmarks = sample.shape
        best = sample.reshape(n, rows * columns, landmarks).argmax(1)
        found = np.stack([best % columns, best // columns], -1)
        return float(np.nanmean(np.linalg.norm(found - targets, axis=-1)))

    def reducers(self, config):
        return [LandmarkSamples(config.training.loss.heatmap_sigma)]

    def finish(self, statistics):
        return statistics


def _pixel_probabilities(outputs: tf.Tensor) -> tf.Tensor:
    return tf.exp(outputs - tf.reduce_logsumexp(outputs, axis=[1, 2], keepdims=True))
