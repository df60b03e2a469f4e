"""Landmark regression: a position for every landmark, by way of a heatmap each."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.dataset import Examples
from tfuq.data.landmarks import LandmarkSet, load_examples
from tfuq.heteroscedastic import log_variance, with_position_loss
from tfuq.losses import make_heatmap_loss
from tfuq.reducers import LandmarkSamples
from tfuq.tasks.base import TaskLoss, one_group


class Landmarks:
    """See `tfuq.tasks.base.Task`. Beside its heatmaps a heteroscedastic network has as many maps of log variances."""

    def unit(self, config):
        return "landmark" if config.training.loss.name == "heatmap-cross-entropy" else "heatmap pixel"

    def outputs(self, config: Config) -> int:
        return len(config.data.landmarks) * (2 if config.network.heteroscedastic else 1)

    def activation(self, config):
        of_heatmaps = _pixel_probabilities if _is_distribution(config) else tf.identity
        if not config.network.heteroscedastic:
            return lambda outputs, _seed, _corner: of_heatmaps(outputs)

        def activation(outputs, _seed, _corner):
            heatmaps = of_heatmaps(tf.split(outputs, 2, axis=-1)[0])
            return tf.concat([heatmaps, log_variance(outputs)], axis=-1)

        return activation

    def training_set(self, config, cases, statistics):
        return LandmarkSet(config, cases, statistics)

    def validation(self, config, cases, training, statistics) -> list[Examples]:
        return one_group(load_examples, config, cases, training, statistics)

    def loss(self, config, training) -> TaskLoss:
        loss = make_heatmap_loss(config.training.loss)
        if config.network.heteroscedastic:  # a position is one term; so is a heatmap that is a distribution, or else its pixel
            weight = 1.0 if _is_distribution(config) else 1.0 / np.prod(config.network.patch_size)
            loss = with_position_loss(loss, config.training.loss.heatmap_sigma, weight)
        return lambda points, outputs, _seed: loss(points, outputs)

    def outputs_of(self, config, sample):
        if not _is_distribution(config):
            return tf.constant(sample)
        landmarks = len(config.data.landmarks)
        heatmaps, beside = sample[..., :landmarks], sample[..., landmarks:]
        return tf.concat([tf.math.log(tf.maximum(heatmaps, 1e-12)), beside], axis=-1)

    def quality(self, config, sample, targets) -> float:
        """Mean radial error in pixels of the network."""
        n, rows, columns, _ = sample.shape
        heatmaps = sample[..., : targets.shape[1]]
        best = heatmaps.reshape(n, rows * columns, -1).argmax(1)
        found = np.stack([best % columns, best // columns], -1)
        return float(np.nanmean(np.linalg.norm(found - targets, axis=-1)))

    def reducers(self, config):
        return [LandmarkSamples(config.training.loss.heatmap_sigma, companions=config.network.heteroscedastic)]

    def finish(self, statistics):
        return statistics


def _is_distribution(config: Config) -> bool:
    return config.training.loss.name == "heatmap-cross-entropy"


def _pixel_probabilities(outputs: tf.Tensor) -> tf.Tensor:
    return tf.exp(outputs - tf.reduce_logsumexp(outputs, axis=[1, 2], keepdims=True))
