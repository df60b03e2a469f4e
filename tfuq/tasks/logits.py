"""What segmentation and classification share: networks whose outputs are logits of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.preprocessing import PADDING
from tfuq.data.sets.dataset import TrainingSet
from tfuq.networks.heteroscedastic import (
    integrated_log_probabilities,
    prediction_noise,
    training_noise,
    without_noise,
)
from tfuq.networks.losses import (
    log_probabilities,
    make_class_loss,
    probabilities,
    sample_probabilities,
)
from tfuq.tasks.activation import Activation
from tfuq.tasks.base import FIRST_DEFINITION, Distributions, TaskLoss, equal_weights

_LEAST_PROBABILITY = 1e-7  # of which there is a logarithm


class ClassTask:
    """See `tfuq.tasks.base.Task`."""

    def outputs(self, config: Config) -> int:
        """Channels of the network's output; the second half are widths of the logits' noise."""
        logits = len(config.data.classes)
        if _is_binary(config):
            logits = 1
        if config.network.heteroscedastic:
            return 2 * logits
        return logits

    def activation(self, config: Config) -> Activation:
        """Makes class probabilities from the network's outputs."""
        if not config.network.heteroscedastic:
            return lambda logits, _seed, _corner: sample_probabilities(logits)
        first_class = int(_is_binary(config))  # a binary sample is its foreground's probability
        draws = config.network.noise_draws

        def activation(outputs: tf.Tensor, seed: tf.Tensor, corner: tf.Tensor) -> tf.Tensor:
            noise = prediction_noise(outputs, seed, draws, corner)
            log_p = integrated_log_probabilities(outputs, noise)
            return tf.exp(log_p[..., first_class:])

        return activation

    def loss(self, config: Config, training: TrainingSet) -> TaskLoss:
        """The loss of labels: ``(labels, network's outputs, seed) → [N]``."""
        class_loss = make_class_loss(config.training.loss, training.class_weights)
        draws = config.network.noise_draws

        def loss(labels: tf.Tensor, logits: tf.Tensor, _seed: tf.Tensor) -> tf.Tensor:
            labels = tf.cast(labels, tf.int32)
            return class_loss(labels, log_probabilities(logits))

        def heteroscedastic_loss(
            labels: tf.Tensor,
            outputs: tf.Tensor,
            seed: tf.Tensor,
        ) -> tf.Tensor:
            labels = tf.cast(labels, tf.int32)
            noise = training_noise(outputs, seed, draws)
            return class_loss(labels, integrated_log_probabilities(outputs, noise))

        if config.network.heteroscedastic:
            return heteroscedastic_loss
        return loss

    def distributions(self, config: Config) -> Distributions:
        """The class probabilities of each voxel of the scan, or of the image."""
        draws = config.network.noise_draws

        def probabilities_of(outputs: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
            if not config.network.heteroscedastic:
                return probabilities(outputs)
            noise = training_noise(outputs, seed, draws)
            return tf.exp(integrated_log_probabilities(outputs, noise))

        def distributions(
            labels: tf.Tensor, outputs: tf.Tensor, seed: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            p = probabilities_of(outputs, seed)
            examples = tf.shape(p)[0]
            is_scan = tf.cast(tf.cast(labels, tf.int32) != PADDING, p.dtype)
            weights = equal_weights(tf.reshape(is_scan, [examples, -1]))
            return tf.reshape(p, [examples, -1, p.shape[-1]]), weights

        return distributions

    def coarse_targets(self, targets: tf.Tensor, strides: Sequence[int]) -> tf.Tensor:
        """The label at the middle of each coarse pixel."""
        middles = [slice(stride // 2, None, stride) for stride in strides]
        return targets[(slice(None), *middles)]

    def loss_definition(self, config: Config) -> int:
        """The first: the loss has not changed."""
        return FIRST_DEFINITION

    def nll(self, sample: np.ndarray, targets: np.ndarray) -> float:
        """Mean −log p of the true class, over what is no padding."""
        p = both_classes(sample)
        is_known = targets != PADDING
        if not is_known.any():
            return np.nan
        true = targets[is_known].astype(int)
        of_truth = np.take_along_axis(p[is_known], true[:, None], -1)
        return float(-np.log(np.maximum(of_truth, _LEAST_PROBABILITY)).mean(dtype=np.float64))

    def outputs_of(self, config: Config, sample: np.ndarray) -> tf.Tensor:
        """Outputs whose loss is that of a sample of class probabilities."""
        p = both_classes(sample)
        logits = tf.math.log(tf.maximum(p, _LEAST_PROBABILITY))
        if config.network.heteroscedastic:
            return without_noise(logits)
        return logits


def _is_binary(config: Config) -> bool:
    """Whether the network has one logit, of the foreground."""
    return config.network.output == "sigmoid"


def both_classes(sample: np.ndarray) -> np.ndarray:
    """``[..., K]``, also for a binary network's sample ``[..., 1]``."""
    if sample.shape[-1] == 1:
        return np.concatenate([1 - sample, sample], -1)
    return sample
