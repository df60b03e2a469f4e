"""Networks that predict their own noise.

Such a network has twice the channels: first the outputs of an ordinary network, then as many for
their variance.

References:
    Kendall & Gal 2017, What uncertainties do we need in Bayesian deep learning.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from tfuq.measures.reducers import LandmarkSamples
from tfuq.networks.heatmap_losses import mean_of_present, presence
from tfuq.networks.layers import fold_in, layer_salt, mean_and_width, normal_at, standard_normal
from tfuq.networks.losses import Loss, log_probabilities

HeatmapsOf = Callable[[tf.Tensor], tf.Tensor]
_SALT = layer_salt("heteroscedastic noise")
_NO_WIDTH = -1e3  # whose softplus is zero
# Of a logarithm of a variance in pixels²: from a hundredth of a pixel to more than any image.
LOG_VARIANCE_BOUNDS = (-10.0, 20.0)


def integrated_log_probabilities(outputs: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """log of the mean over Gaussian noise of the class probabilities.

    Args:
        outputs: ``[N, *S, 2C]``: means of the logits, then numbers of which softplus is their
            standard deviations.
        noise: standard normal, ``[draws, N, *S, C]``, or 1 instead of N.

    Returns:
        ``[N, *S, K]``.

    References:
        Kendall & Gal 2017, equation 12.
    """
    mean, width = mean_and_width(outputs)
    log_p = log_probabilities(mean + width * noise)
    draws = noise.shape[0]
    return tf.reduce_logsumexp(log_p, axis=0) - math.log(draws)


def training_noise(outputs: tf.Tensor, seed: tf.Tensor, draws: int) -> tf.Tensor:
    """Noise for `integrated_log_probabilities`, of its own for each example.

    Args:
        outputs: ``[N, *S, 2C]``.
        seed: int32 ``[2]``.
        draws: how many numbers for each logit.

    Returns:
        float32 ``[draws, N, *S, C]``.
    """
    logits = outputs.shape[-1] // 2
    shape = tf.concat(
        [[draws], tf.shape(outputs)[:-1], [logits]],
        0,
    )
    noise = standard_normal(shape, fold_in(seed, _SALT))
    return tf.ensure_shape(
        noise,
        [draws, *outputs.shape[:-1], logits],
    )


def prediction_noise(
    outputs: tf.Tensor,
    seed: tf.Tensor,
    draws: int,
    corner: tf.Tensor,
) -> tf.Tensor:
    """Noise for `integrated_log_probabilities` that depends on coordinates in the volume.

    It is the same in every window and slice that holds the coordinates. Every sample of a
    prediction has the same ``seed`` (common random numbers), so that samples differ by the network
    alone: their disagreement is epistemic, and this noise is not.

    Args:
        outputs: ``[N, *S, 2C]``.
        seed: int32 ``[2]``.
        draws: how many numbers for each logit.
        corner: coordinates in their volumes at which the outputs begin, int32 ``[N, rank]``, or
            ``[1, rank]`` for all.

    Returns:
        float32 ``[draws, N, *S, C]``, or 1 instead of N.
    """
    return normal_at(
        corner,
        outputs.shape[1:-1],
        fold_in(seed, _SALT),
        channels=outputs.shape[-1] // 2,
        draws=draws,
    )


def without_noise(logits: tf.Tensor) -> tf.Tensor:
    """Outputs with these logits, and with noise of zero width."""
    widths = tf.fill(tf.shape(logits), _NO_WIDTH)
    return tf.concat([logits, widths], axis=-1)


def log_variance(outputs: tf.Tensor) -> tf.Tensor:
    """Logarithms of the variance of positions along an axis, in pixels², within bounds.

    Args:
        outputs: of a landmark network, ``[N, rows, columns, 2L]``.

    Returns:
        The second half of the channels, held within `LOG_VARIANCE_BOUNDS`.
    """
    _, log_variances = tf.split(outputs, 2, axis=-1)
    return tf.clip_by_value(log_variances, *LOG_VARIANCE_BOUNDS)


def position_loss(
    points: tf.Tensor,
    outputs: tf.Tensor,
    sigma: float,
    heatmaps_of: HeatmapsOf,
) -> tf.Tensor:
    """Negative log-likelihood of positions, without its constant.

    It is the mean over present landmarks of d² / 2v + log v, for a position at distance d from the
    heatmap's maximum, under a Gaussian of the variance v that is predicted there. The coordinates
    of the maximum pass no gradient: heatmaps are trained by their own loss, v by this one. The
    maximum is refined as a prediction refines it, on the same heatmaps.

    Args:
        points: positions ``[N, L, 2]`` as (x, y), in pixels; NaN where a landmark is absent.
        outputs: ``[N, rows, columns, 2L]``.
        sigma: width of a heatmap's Gaussian, in pixels.
        heatmaps_of: makes the heatmaps of a prediction, ``[N, rows, columns, L]``, from the first
            half of the outputs.

    Returns:
        ``[N]``.

    References:
        Kendall & Gal 2017, equation 8.
    """
    raw_heatmaps, _ = tf.split(outputs, 2, axis=-1)
    heatmaps = heatmaps_of(tf.stop_gradient(raw_heatmaps))
    peaks = LandmarkSamples(sigma).peaks(heatmaps, log_variance(outputs))
    is_present = presence(points)
    present_points = tf.where(is_present[..., None], points, 0.0)
    offsets = present_points - peaks[..., :2]
    squared_distance = tf.reduce_sum(tf.square(offsets), axis=-1)
    log_v = peaks[..., 3]
    terms = squared_distance / 2.0 * tf.exp(-log_v) + log_v
    return mean_of_present(terms, tf.cast(is_present, outputs.dtype))


def with_position_loss(
    heatmap_loss: Loss,
    sigma: float,
    weight: float,
    heatmaps_of: HeatmapsOf,
) -> Loss:
    """Add a loss of positions to a loss of heatmaps.

    Args:
        heatmap_loss: ``(points, first half of the outputs) → [N]``.
        sigma: width of a heatmap's Gaussian, in pixels.
        weight: factor on `position_loss`.
        heatmaps_of: as `position_loss` takes it.

    Returns:
        ``(points, outputs) → [N]``.
    """

    def loss(points: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        raw_heatmaps, _ = tf.split(outputs, 2, axis=-1)
        of_heatmaps = heatmap_loss(points, raw_heatmaps)
        return of_heatmaps + weight * position_loss(points, outputs, sigma, heatmaps_of)

    return loss
