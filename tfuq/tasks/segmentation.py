"""Segmentation: a class for every voxel."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.dataset import Examples, make_preprocessor
from tfuq.data.segmentation import SegmentationSet, load_examples
from tfuq.losses import Loss, log_probabilities, make_class_loss, sample_probabilities
from tfuq.measures.voxel import voxel_maps, voxel_reducers
from tfuq.reducers import PackedMasks
from tfuq.scoring.segmentation import dice

_TINY = 1e-7


class Segmentation:
    """See `tfuq.tasks.base.Task`."""

    def unit(self, config):
        return "voxel"

    def outputs(self, config: Config) -> int:
        return 1 if config.network.output == "sigmoid" else len(config.data.classes)

    def activation(self, config):
        return sample_probabilities

    def training_set(self, config, cases, statistics):
        return SegmentationSet(config, cases, statistics)

    def validation(self, config, cases, training, statistics) -> list[Examples]:
        preprocessor = make_preprocessor(config, statistics)
        loaded = [training.checked(case, load_examples(config, preprocessor, case)) for case in cases]
        return [examples for examples in loaded if len(examples.images)]

    def loss(self, config, training) -> Loss:
        return class_loss(config, training)

    def outputs_of(self, config, sample):
        return logits_of(sample)

    def quality(self, config, sample, targets) -> float:
        p = both_classes(sample)
        predicted = p.argmax(-1)
        scores = [dice(predicted == k, targets == k) for k in range(1, p.shape[-1]) if (targets == k).any()]
        return float(np.mean(scores)) if scores else np.nan

    def reducers(self, config):
        return [*voxel_reducers(), PackedMasks()]

    def finish(self, statistics):
        return voxel_maps(statistics) | {name: statistics[name] for name in ("masks", "entropy_terms")}


def class_loss(config: Config, training) -> Loss:
    """The configured loss of classes, of a network's logits."""
    term = make_class_loss(config.training.loss, training.class_weights)
    return lambda labels, logits: term(tf.cast(labels, tf.int32), log_probabilities(logits))


def logits_of(sample: np.ndarray) -> tf.Tensor:
    """Logits ``[..., K]`` of which the probabilities are the sample's."""
    return tf.math.log(tf.maximum(both_classes(sample), _TINY))


def both_classes(sample: np.ndarray) -> np.ndarray:
    """``[..., K]``, of a binary network's sample too."""
    return np.concatenate([1 - sample, sample], -1) if sample.shape[-1] == 1 else sample
