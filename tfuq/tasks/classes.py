"""What segmentation and classification share: networks that put out logits of classes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.heteroscedastic import integrated_log_probabilities, prediction_noise, training_noise, without_noise
from tfuq.losses import log_probabilities, make_class_loss, sample_probabilities
from tfuq.tasks.base import TaskLoss

_TINY = 1e-7


class ClassTask:
    """See `tfuq.tasks.base.Task`."""

    def outputs(self, config: Config) -> int:
        logits = 1 if config.network.output == "sigmoid" else len(config.data.classes)
        return 2 * logits if config.network.heteroscedastic else logits

    def activation(self, config):
        if not config.network.heteroscedastic:
            return lambda logits, _seed, _corner: sample_probabilities(logits)
        first, draws = config.network.output == "sigmoid", config.network.noise_draws  # a binary sample is its foreground's

        def activation(outputs, seed, corner):
            noise = prediction_noise(outputs, seed, draws, corner)
            return tf.exp(integrated_log_probabilities(outputs, noise)[..., first:])

        return activation

    def loss(self, config, training) -> TaskLoss:
        term = make_class_loss(config.training.loss, training.class_weights)
        if not config.network.heteroscedastic:
            return lambda labels, logits, _seed: term(tf.cast(labels, tf.int32), log_probabilities(logits))
        draws = config.network.noise_draws
        return lambda labels, outputs, seed: term(
            tf.cast(labels, tf.int32), integrated_log_probabilities(outputs, training_noise(outputs, seed, draws))
        )

    def outputs_of(self, config, sample):
        logits = tf.math.log(tf.maximum(both_classes(sample), _TINY))
        return without_noise(logits) if config.network.heteroscedastic else logits


def both_classes(sample: np.ndarray) -> np.ndarray:
    """``[..., K]``, of a binary network's sample too."""
    return np.concatenate([1 - sample, sample], -1) if sample.shape[-1] == 1 else sample
