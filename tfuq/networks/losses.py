"""Data terms of classes.

Each has one value per example, ``[N]``, so that any batch split over devices adds up to the same
loss. They take class indices ``[N, *S]`` and log-probabilities ``[N, *S, K]``. A voxel that is no
part of the scan has the index `PADDING` and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import tensorflow as tf

from tfuq.config import LossConfig
from tfuq.data.preprocessing import PADDING

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
_SMOOTH = 1.0  # one voxel: an absent class predicted absent scores 1, and its gradient stays finite


def log_probabilities(logits: tf.Tensor) -> tf.Tensor:
    """Log-probabilities of classes.

    Args:
        logits: ``[…, K]``, or ``[…, 1]`` of a binary network.

    Returns:
        ``[…, K]``, or ``[…, 2]`` of a binary network.
    """
    if logits.shape[-1] == 1:
        return tf.concat([tf.math.log_sigmoid(-logits), tf.math.log_sigmoid(logits)], axis=-1)
    return tf.nn.log_softmax(logits)


def sample_probabilities(logits: tf.Tensor) -> tf.Tensor:
    """The sample that reducers take.

    Args:
        logits: ``[…, K]``, or ``[…, 1]`` of a binary network.

    Returns:
        The class probabilities ``[…, K]``, or the foreground's ``[…, 1]`` of a binary network.
    """
    if logits.shape[-1] == 1:
        return tf.sigmoid(logits)
    return tf.nn.softmax(logits)


def probabilities(logits: tf.Tensor) -> tf.Tensor:
    """The exponential of `log_probabilities`, in fewer passes over memory."""
    p = sample_probabilities(logits)
    if logits.shape[-1] == 1:
        return tf.concat([1.0 - p, p], axis=-1)
    return p


def cross_entropy(
    labels: tf.Tensor,
    log_p: tf.Tensor,
    weights: list[float] | None = None,
) -> tf.Tensor:
    """Mean over an example's voxels of −log p_y, each with the weight w_y of its class.

    The class of an image is its example's only term. A mean would cancel its weight, so the loss of
    an image is −w_y log p_y.

    Args:
        labels: class indices ``[N, *S]``.
        log_p: ``[N, *S, K]``.
        weights: of each class; None for 1.
    """
    is_scan = labels != PADDING
    classes = tf.where(is_scan, labels, 0)
    weight = tf.cast(is_scan, log_p.dtype)
    if weights is not None:
        weight *= tf.gather(tf.constant(weights, log_p.dtype), classes)
    losses = -weight * tf.gather(log_p, classes, axis=-1, batch_dims=labels.shape.rank)
    axes = list(range(1, labels.shape.rank))
    if not axes:
        return losses
    return tf.math.divide_no_nan(tf.reduce_sum(losses, axes), tf.reduce_sum(weight, axes))


def soft_dice(labels: tf.Tensor, log_p: tf.Tensor) -> tf.Tensor:
    """1 − mean over foreground classes of (2 Σ p y + s) / (Σ p + Σ y + s), where s is one voxel.

    Args:
        labels: class indices ``[N, *S]``.
        log_p: ``[N, *S, K]``.

    References:
        Milletari et al. 2016, V-Net.
    """
    classes = log_p.shape[-1]
    axes = list(range(1, log_p.shape.rank - 1))
    is_scan = tf.cast(labels != PADDING, log_p.dtype)[..., None]
    p = is_scan * tf.exp(log_p)[..., 1:]
    y = tf.one_hot(labels, classes, dtype=log_p.dtype)[..., 1:]
    overlap = 2 * tf.reduce_sum(p * y, axes) + _SMOOTH
    dice = overlap / (tf.reduce_sum(p, axes) + tf.reduce_sum(y, axes) + _SMOOTH)
    return 1 - tf.reduce_mean(dice, axis=-1)


def make_class_loss(config: LossConfig, class_weights: list[float]) -> Loss:
    """The configured data term of classes.

    Args:
        config: the configuration.
        class_weights: weights where the configuration gives none.
    """
    weights = config.class_weights or class_weights

    def dice_and_cross_entropy(labels: tf.Tensor, log_p: tf.Tensor) -> tf.Tensor:
        share = config.dice_weight
        return share * soft_dice(labels, log_p) + (1 - share) * cross_entropy(labels, log_p)

    losses: dict[str, Loss] = {
        "cross-entropy": cross_entropy,
        "weighted-cross-entropy": partial(cross_entropy, weights=weights),
        "soft-dice": soft_dice,
        "dice-ce": dice_and_cross_entropy,
    }
    return losses[config.name]
