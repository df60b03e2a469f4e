"""Data terms of the objective, one value per example so that any batch split over devices adds up to the same loss.

Those of classes take class indices ``[N, *S]``, `PADDING` where a voxel is no part of the scan and counts for nothing, and
log-probabilities ``[N, *S, K]``; those of heatmaps take landmarks
``[N, L, 2]`` as (x, y) in pixels, NaN where one is missing, and the network's outputs ``[N, rows, columns, L]``. All return ``[N]``.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tfuq.config import LossConfig
from tfuq.data.preprocessing import PADDING

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
_SMOOTH = 1.0  # one voxel: an absent class predicted absent scores 1, and its gradient stays finite
_NEIGHBOURHOOD = 0.2  # weight of a landmark's neighbourhood, that of its whole picture being 1


def log_probabilities(logits: tf.Tensor) -> tf.Tensor:
    """``[…, K]`` from K logits, or ``[…, 2]`` from the single logit of a binary network."""
    if logits.shape[-1] == 1:
        return tf.concat([tf.math.log_sigmoid(-logits), tf.math.log_sigmoid(logits)], axis=-1)
    return tf.nn.log_softmax(logits)


def sample_probabilities(logits: tf.Tensor) -> tf.Tensor:
    """What a sample is to the reducers: the K class probabilities, or of a binary network the foreground's alone."""
    return tf.sigmoid(logits) if logits.shape[-1] == 1 else tf.nn.softmax(logits)


def probabilities(logits: tf.Tensor) -> tf.Tensor:
    """The exponential of `log_probabilities`, in fewer passes over memory."""
    p = sample_probabilities(logits)
    return tf.concat([1.0 - p, p], axis=-1) if logits.shape[-1] == 1 else p


def cross_entropy(labels: tf.Tensor, log_p: tf.Tensor, weights: list[float] | None = None) -> tf.Tensor:
    """Mean over an example's voxels of −log p_y, each with the weight w_y of its class.

    An image's class is its example's only term, which no mean would leave its weight: its loss is −w_y log p_y.
    """
    own = labels != PADDING
    classes = tf.where(own, labels, 0)
    weight = tf.cast(own, log_p.dtype)
    if weights is not None:
        weight *= tf.gather(tf.constant(weights, log_p.dtype), classes)
    losses = -weight * tf.gather(log_p, classes, axis=-1, batch_dims=labels.shape.rank)
    axes = list(range(1, labels.shape.rank))
    if not axes:
        return losses
    return tf.math.divide_no_nan(tf.reduce_sum(losses, axes), tf.reduce_sum(weight, axes))


def soft_dice(labels: tf.Tensor, log_p: tf.Tensor) -> tf.Tensor:
    """1 − mean over foreground classes of (2 Σ p y + s) / (Σ p + Σ y + s), s one voxel (Milletari et al. 2016)."""
    classes = log_p.shape[-1]
    axes = list(range(1, log_p.shape.rank - 1))
    own = tf.cast(labels != PADDING, log_p.dtype)[..., None]
    p, y = own * tf.exp(log_p)[..., 1:], tf.one_hot(labels, classes, dtype=log_p.dtype)[..., 1:]
    overlap = 2 * tf.reduce_sum(p * y, axes) + _SMOOTH
    dice = overlap / (tf.reduce_sum(p, axes) + tf.reduce_sum(y, axes) + _SMOOTH)
    return 1 - tf.reduce_mean(dice, axis=-1)


def gaussian_heatmaps(points: tf.Tensor, size: tuple[int, int], sigma: float) -> tf.Tensor:
    """``[N, rows, columns, L]``: exp(−d² / 2σ²) of each pixel's distance d from each landmark; NaN of a missing one is kept."""
    rows, columns = (tf.range(n, dtype=points.dtype) for n in size)
    along_x = tf.exp(-tf.square(columns[None, :, None] - points[:, None, :, 0]) / (2 * sigma**2))
    along_y = tf.exp(-tf.square(rows[None, :, None] - points[:, None, :, 1]) / (2 * sigma**2))
    return along_y[:, :, None] * along_x[:, None]


def heatmap_mse(points: tf.Tensor, outputs: tf.Tensor, sigma: float) -> tf.Tensor:
    """Mean squared difference from Gaussian heatmaps of peak 1, for the landmarks that are there: over all pixels, and with a fifth of
    that weight over those near the landmark, by the heatmap. A dozen of thousands of pixels are not zero, and unweighted a network
    settles at zero for all of them (seen over 1,100 steps); `heatmap_cross_entropy` needs no such help and learns sooner."""
    target, there = _targets(points, outputs, sigma)
    squares = tf.math.squared_difference(outputs, target)
    everywhere = tf.reduce_mean(squares, axis=[1, 2])
    near = tf.reduce_sum(_of_sum_one(target) * squares, axis=[1, 2])
    return mean_of_present((everywhere + _NEIGHBOURHOOD * near) / (1 + _NEIGHBOURHOOD), there)


def heatmap_cross_entropy(points: tf.Tensor, outputs: tf.Tensor, sigma: float) -> tf.Tensor:
    """Mean over present landmarks of −Σ g log p, g the Gaussian heatmap of sum 1, p the softmax over all pixels."""
    target, there = _targets(points, outputs, sigma)
    log_p = outputs - tf.reduce_logsumexp(outputs, axis=[1, 2], keepdims=True)
    return mean_of_present(-tf.reduce_sum(_of_sum_one(target) * log_p, axis=[1, 2]), there)


def _targets(points, outputs, sigma):
    there = presence(points)
    target = gaussian_heatmaps(points, outputs.shape[1:3], sigma)
    return tf.where(there[:, None, None], target, 0.0), tf.cast(there, outputs.dtype)


def _of_sum_one(heatmaps):
    return heatmaps / tf.maximum(tf.reduce_sum(heatmaps, axis=[1, 2], keepdims=True), 1e-12)


def presence(points: tf.Tensor) -> tf.Tensor:
    """Which of the landmarks ``[N, L, 2]`` are there: ``[N, L]``."""
    return tf.reduce_all(tf.math.is_finite(points), axis=-1)


def mean_of_present(losses: tf.Tensor, there: tf.Tensor) -> tf.Tensor:
    """Mean of ``losses [N, L]`` where ``there`` is 1; zero where no landmark is."""
    return tf.reduce_sum(losses * there, axis=-1) / tf.maximum(tf.reduce_sum(there, axis=-1), 1.0)


def make_heatmap_loss(config: LossConfig) -> Loss:
    """The configured data term of heatmaps."""
    term = {"heatmap-mse": heatmap_mse, "heatmap-cross-entropy": heatmap_cross_entropy}[config.name]
    return lambda points, outputs: term(points, outputs, config.heatmap_sigma)


def make_class_loss(config: LossConfig, class_weights: list[float]) -> Loss:
    """The configured data term of classes; ``class_weights`` serve where the configuration gives none of its own."""
    weights = config.class_weights or class_weights
    return {
        "cross-entropy": cross_entropy,
        "weighted-cross-entropy": lambda y, log_p: cross_entropy(y, log_p, weights),
        "soft-dice": soft_dice,
        "dice-ce": lambda y, log_p: (
            config.dice_weight * soft_dice(y, log_p) + (1 - config.dice_weight) * cross_entropy(y, log_p)
        ),
    }[config.name]
