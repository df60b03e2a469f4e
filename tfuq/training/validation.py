"""Validation: the mean network (no dropout, posterior means) on whole validation cases."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.data.dataset import CaseExamples
from tfuq.losses import Loss
from tfuq.members import build_member, windowed
from tfuq.posterior import Posterior
from tfuq.reducers import Moments
from tfuq.sampling import Sampler
from tfuq.scoring.segmentation import dice


class Validator:
    """``validator(model) → {val_loss, val_dice}``: means over cases; Dice also over the foreground classes present."""

    def __init__(self, config: Config, cases: list[CaseExamples], loss: Loss, channels: int):
        self._config, self._cases, self._loss = config, cases, loss
        self._mean_network = build_member(config, channels=channels, stochastic=False)
        network = windowed(config, self._mean_network, keep=0)
        self._sampler = Sampler(Posterior([network]), [Moments()])

    def __call__(self, model: tf_keras.Model) -> dict[str, float]:
        self._mean_network.set_weights(model.get_weights())
        results = [self._case(case) for case in self._cases if len(case.images)]
        if not results:
            return {}
        return {"val_loss": float(np.mean([r[0] for r in results])), "val_dice": float(np.nanmean([r[1] for r in results]))}

    def _case(self, case: CaseExamples) -> tuple[float, float]:
        batch, seed, one = self._config.prediction.batch_size, tf.zeros([2], tf.int32), tf.constant(1)
        p = np.concatenate(
            [self._sampler.sample(case.images[i : i + batch], seed, one)["mean"] for i in range(0, len(case.images), batch)]
        )
        labels = tf.constant(case.labels.astype(np.int32))
        loss = tf.reduce_mean(self._loss(labels, tf.math.log(tf.maximum(p, 1e-7))))
        predicted = p.argmax(-1)
        scores = [dice(predicted == k, case.labels == k) for k in range(1, p.shape[-1]) if (case.labels == k).any()]
        return float(loss), float(np.mean(scores)) if scores else np.nan
