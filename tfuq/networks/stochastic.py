"""Stochastic segmentation: the loss of a Gaussian of all logits of an image.

References:
    Monteiro et al. 2020, Stochastic segmentation networks: modelling spatially correlated aleatoric
    uncertainty (NeurIPS).
"""

from __future__ import annotations

import math

import tensorflow as tf

from tfuq.data.preprocessing import PADDING
from tfuq.networks.layers import fold_in, layer_salt, logit_gaussian, standard_normal
from tfuq.networks.losses import Loss, log_probabilities

_OWN = layer_salt("noise of each logit in training")
_COMMON = layer_salt("noise of the factor in training")
_NO_WIDTH = -1e3  # whose softplus is zero


def drawn_logits(outputs: tf.Tensor, seed: tf.Tensor, *, rank: int, draws: int) -> tf.Tensor:
    """Samples of the logits for training, each example with noise of its own.

    Args:
        outputs: as `logit_gaussian` reads them, ``[N, *S, C (2 + R)]``.
        seed: int32 ``[2]``.
        rank: R.
        draws: M.

    Returns:
        ``[M, N, *S, C]``.
    """
    gaussian = logit_gaussian(outputs, rank)
    shape = tf.shape(gaussian.mean)
    own = standard_normal(tf.concat([[draws], shape], 0), fold_in(seed, _OWN))
    common = standard_normal(tf.stack([draws, shape[0], rank]), fold_in(seed, _COMMON))
    rows = tf.reshape(gaussian.factor, [shape[0], -1, rank])  # of each example and logit
    from_factor = tf.einsum("nlr,mnr->mnl", rows, common)
    logits = gaussian.mean + gaussian.width * own + tf.reshape(from_factor, tf.shape(own))
    return tf.ensure_shape(logits, [draws, *gaussian.mean.shape])


def likelihood_of_draws(losses: tf.Tensor, terms: tf.Tensor) -> tf.Tensor:
    """−log of the mean over samples of their likelihood, divided by its number of terms.

    A sample's likelihood is exp(−V ℓ), for a loss ℓ that is a mean over V voxels. The least loss is
    taken out before V multiplies what is left, so that no digit is lost of large images.

    Args:
        losses: ℓ of each sample, ``[M, N]``.
        terms: V of each example, ``[N]``.

    Returns:
        ``[N]``.
    """
    least = tf.stop_gradient(tf.reduce_min(losses, axis=0))
    log_likelihoods = terms * (least - losses)
    draws = losses.shape[0]
    log_mean = tf.reduce_logsumexp(log_likelihoods, axis=0) - math.log(draws)
    return least - log_mean / terms


def stochastic_loss(
    class_loss: Loss,
    labels: tf.Tensor,
    outputs: tf.Tensor,
    seed: tf.Tensor,
    *,
    rank: int,
    draws: int,
) -> tf.Tensor:
    """−log of the mean likelihood over samples of the logits, per voxel.

    Of cross-entropy it is the objective as published, divided by the voxels of an example. With
    weights of classes, a voxel counts as its weight says, and all voxels of an example together as
    many as they are. What another loss has beside cross-entropy, such as Dice, takes the place of a
    likelihood.

    Args:
        class_loss: ``(labels, log-probabilities) → [N]``, a mean over voxels.
        labels: class indices, int32 ``[N, *S]``.
        outputs: as `logit_gaussian` reads them, ``[N, *S, C (2 + R)]``.
        seed: int32 ``[2]``.
        rank: R.
        draws: M.

    Returns:
        ``[N]``.
    """
    logits = drawn_logits(outputs, seed, rank=rank, draws=draws)
    # As a batch of M N examples.
    of_draws = tf.reshape(logits, tf.concat([[-1], tf.shape(logits)[2:]], 0))
    of_draws = tf.ensure_shape(of_draws, [None, *logits.shape[2:]])
    repeated = tf.tile(labels, [draws, *[1] * (labels.shape.rank - 1)])
    losses = class_loss(repeated, log_probabilities(of_draws))
    is_scan = tf.cast(labels != PADDING, outputs.dtype)
    terms = tf.reduce_sum(is_scan, axis=list(range(1, labels.shape.rank)))
    return likelihood_of_draws(tf.reshape(losses, [draws, -1]), tf.maximum(terms, 1.0))


def without_spread(logits: tf.Tensor, rank: int) -> tf.Tensor:
    """Outputs with these logits, whose Gaussian has no width.

    Args:
        logits: ``[N, *S, C]``.
        rank: R.

    Returns:
        ``[N, *S, C (2 + R)]``.
    """
    widths = tf.fill(tf.shape(logits), _NO_WIDTH)
    factor = tf.repeat(tf.zeros_like(logits), rank, axis=-1)
    return tf.concat([logits, widths, factor], axis=-1)
