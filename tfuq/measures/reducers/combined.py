"""Reducers of other combinations of samples than the mean: ``combined [N, *S, K]``.

Memory does not grow with the number of samples.

References:
    Bishop 2006, Pattern recognition and machine learning, 14.2 (committees).
    Hinton 2002, Training products of experts (the mean of logits is a normalized geometric mean).
"""

from __future__ import annotations

import tensorflow as tf

from tfuq.measures.reducers.base import SampleStatistics, Shape
from tfuq.measures.reducers.classes import at_most_one, class_masks, with_background

COMBINED = "combined"
_LEAST_PROBABILITY = 1e-7  # of which there is a logarithm


class LogitMean:
    """softmax(mean over samples of log p), which is the softmax of the mean of logits.

    log p differs from the logits of a sample by a number that all classes share. A probability
    below 1e-7 counts as that.
    """

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tf.Tensor:
        return tf.zeros(_with_both_classes(shape))

    def update(self, state: tf.Tensor, p: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        return state + tf.math.log(tf.maximum(_both_classes(p), _LEAST_PROBABILITY))

    def finalize(self, state: tf.Tensor, samples: tf.Tensor) -> SampleStatistics:
        return {COMBINED: tf.nn.softmax(state / tf.cast(samples, state.dtype))}


class MajorityShare:
    """The share of votes for each class, among the samples' T votes and one more.

    The last vote is divided among the classes by the mean probabilities. So it decides between
    classes with as many votes, never against a class with more, and no class has a share of 0.
    """

    def initialize(self, shape: Shape, samples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        both = _with_both_classes(shape)
        return tf.zeros(both), tf.zeros(both)

    def update(
        self, state: tuple[tf.Tensor, tf.Tensor], p: tf.Tensor, t: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        votes, sums = state
        foreground = class_masks(p, votes.dtype)
        background = 1.0 - tf.reduce_sum(foreground, -1, keepdims=True)
        votes += tf.concat([background, foreground], -1)
        return votes, sums + _both_classes(p)

    def finalize(self, state: tuple[tf.Tensor, tf.Tensor], samples: tf.Tensor) -> SampleStatistics:
        votes, sums = state
        count = tf.cast(samples, votes.dtype)
        return {COMBINED: (votes + sums / count) / (count + 1.0)}


def _both_classes(p: tf.Tensor) -> tf.Tensor:
    p = at_most_one(p)
    if p.shape[-1] == 1:
        return with_background(p)
    return p


def _with_both_classes(shape: Shape) -> list[tf.Tensor]:
    return [*shape[:-1], max(shape[-1], 2)]
