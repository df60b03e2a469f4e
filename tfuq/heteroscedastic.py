"""Networks that predict their own noise (Kendall & Gal, "What uncertainties do we need in Bayesian deep learning", 2017).

Such a network puts out twice the channels: first what another would put out, then as many for its variance.
"""

from __future__ import annotations

import math

import tensorflow as tf

from tfuq.layers import fold_in, layer_salt, mean_and_width, normal_at, standard_normal
from tfuq.losses import Loss, log_probabilities, mean_of_present, presence
from tfuq.reducers import LandmarkSamples

_SALT = layer_salt("heteroscedastic noise")
_NO_WIDTH = -1e3  # whose softplus is zero
# Of a logarithm of a variance in pixels²: from a hundredth of a pixel to more than any image.
LOG_VARIANCE_BOUNDS = (-10.0, 20.0)


def integrated_log_probabilities(outputs: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """log of the mean over Gaussian noise of the class probabilities: ``[N, *S, 2C] → [N, *S, K]`` (ibid., eq. 12).

    The first C channels are the logits' means, softplus of the others their standard deviations. ``noise``: ``[draws, N, *S, C]``,
    or 1 in the place of N.
    """
    mean, width = mean_and_width(outputs)
    return tf.reduce_logsumexp(log_probabilities(mean + width * noise), axis=0) - math.log(noise.shape[0])


def training_noise(outputs: tf.Tensor, seed: tf.Tensor, draws: int) -> tf.Tensor:
    """Noise for `integrated_log_probabilities`, of every example its own."""
    shape = tf.concat([[draws], tf.shape(outputs)[:-1], [outputs.shape[-1] // 2]], 0)
    noise = standard_normal(shape, fold_in(seed, _SALT))
    return tf.ensure_shape(noise, [draws, *outputs.shape[:-1], outputs.shape[-1] // 2])


def prediction_noise(outputs: tf.Tensor, seed: tf.Tensor, draws: int, corner: tf.Tensor) -> tf.Tensor:
    """Noise for `integrated_log_probabilities`: at each place of a volume the same, in whichever window and slice it is seen.

    Every sample of a prediction gets the same ``seed`` (common random numbers), so that samples differ by the network alone: what
    they disagree about is epistemic, and this noise is not. ``corner``: where in their volumes the outputs begin, int32
    ``[N, rank]``, or ``[1, rank]`` for all.
    """
    return normal_at(corner, outputs.shape[1:-1], fold_in(seed, _SALT), channels=outputs.shape[-1] // 2, draws=draws)


def without_noise(logits: tf.Tensor) -> tf.Tensor:
    """Outputs whose noise is zero, of these logits."""
    return tf.concat([logits, tf.fill(tf.shape(logits), _NO_WIDTH)], axis=-1)


def log_variance(outputs: tf.Tensor) -> tf.Tensor:
    """The second half of a landmark network's outputs ``[N, rows, columns, 2L]`` held within reason: log of a position's
    variance along an axis, in pixels²."""
    return tf.clip_by_value(tf.split(outputs, 2, axis=-1)[1], *LOG_VARIANCE_BOUNDS)


def position_loss(points: tf.Tensor, outputs: tf.Tensor, sigma: float) -> tf.Tensor:
    """Mean over present landmarks of d² / 2v + log v: the negative log-likelihood, without its constant, of a position at
    distance d from where the heatmap has its maximum, under a Gaussian of the variance v predicted there (ibid., eq. 8).

    The place of the maximum passes no gradient: heatmaps are trained by their own loss, v by this one.
    """
    heatmaps = tf.split(outputs, 2, axis=-1)[0]
    peaks = LandmarkSamples(sigma).peaks(tf.stop_gradient(heatmaps), log_variance(outputs))
    there = presence(points)
    distance = tf.reduce_sum(tf.square(tf.where(there[..., None], points, 0.0) - peaks[..., :2]), axis=-1)
    log_v = peaks[..., 3]
    return mean_of_present(distance / 2.0 * tf.exp(-log_v) + log_v, tf.cast(there, outputs.dtype))


def with_position_loss(heatmap_loss: Loss, sigma: float, weight: float) -> Loss:
    """A loss of heatmaps ``(points, heatmaps) → [N]`` with ``weight`` times `position_loss` added."""

    def loss(points, outputs):
        heatmaps = tf.split(outputs, 2, axis=-1)[0]
        return heatmap_loss(points, heatmaps) + weight * position_loss(points, outputs, sigma)

    return loss
