"""What segmentation and classification share: networks that put out logits of classes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.losses import Loss, log_probabilities, make_class_loss, sample_probabilities

_TINY = 1e-7


class ClassTask:
    """See `tfuq.tasks.base.Task`."""

    def outputs(self, config: Config) -> int:
        return 1 if config.network.output == "sigmoid" else len(config.data.classes)

    def activation(self, config):
        return sample_probabilities

    def loss(self, config, training) -> Loss:
        term = make_class_loss(config.training.loss, training.class_weights)
        return lambda labels, logits: term(tf.cast(labels, tf.int32), log_probabilities(logits))

    def outputs_of(self, config, sample):
        return tf.math.log(tf.maximum(both_classes(sample), _TINY))


def both_classes(sample: np.ndarray) -> np.ndarray:
    """``[..., K]``, of a binary network's sample too."""
    return np.concatenate([1 - sample, sample], -1) if sample.shape[-1] == 1 else sample
