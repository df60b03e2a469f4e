"""A Gaussian of all logits of an image, whose covariance has a low rank beside its diagonal."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import tensorflow as tf
import tf_keras

from tfuq.networks.layers.places import normal_at
from tfuq.networks.layers.seeds import fold_in, layer_salt, standard_normal

_OWN = layer_salt("noise of each logit")
_COMMON = layer_salt("noise of the factor")


class LogitGaussian(NamedTuple):
    """Logits η = mean + width · ε + factor · ξ, where ε and ξ are standard normal.

    ε has a number for each logit, ξ has R numbers for the whole image. So the covariance of all
    logits is diag(width²) + factor · factorᵀ.

    Attributes:
        mean: ``[N, *S, C]``.
        width: ``[N, *S, C]``.
        factor: ``[N, *S, C, R]``.
    """

    mean: tf.Tensor
    width: tf.Tensor
    factor: tf.Tensor

    def logits(self, own: tf.Tensor, common: tf.Tensor) -> tf.Tensor:
        """A sample of the logits.

        Args:
            own: ε, ``[N, *S, C]``, or 1 instead of N.
            common: ξ, ``[N, R]``, or 1 instead of N.

        Returns:
            ``[N, *S, C]``.
        """
        rank = self.factor.shape[-1]
        column = tf.reshape(common, [-1, *[1] * (len(self.mean.shape) - 1), rank])
        return self.mean + self.width * own + tf.reduce_sum(self.factor * column, axis=-1)


def gaussian_channels(logits: int, rank: int) -> int:
    """Channels of what `logit_gaussian` reads.

    Args:
        logits: C.
        rank: R.
    """
    return logits * (2 + rank)


def logit_gaussian(outputs: tf.Tensor, rank: int) -> LogitGaussian:
    """Read a network's outputs as a Gaussian of its logits.

    The factor is divided by √R, so that at the start of a training logits vary as much by any rank.

    Args:
        outputs: ``[N, *S, C (2 + R)]``: means, numbers of which softplus is the width, the factor.
        rank: R.
    """
    channels = outputs.shape[-1] // (2 + rank)
    mean, raw_width, factor = tf.split(outputs, [channels, channels, channels * rank], axis=-1)
    sizes = [size if size is not None else -1 for size in factor.shape[:-1]]
    return LogitGaussian(
        mean=mean,
        width=tf.math.softplus(raw_width),
        factor=tf.reshape(factor, [*sizes, channels, rank]) / math.sqrt(rank),
    )


class LowRankLogits(tf_keras.layers.Layer):
    """A sample of the logits ``[N, *S, C]``, of outputs that `logit_gaussian` reads.

    ξ is one draw for everything that a sample sees: all slices and all windows of a volume. Two
    windows that overlap see about the same image about a voxel, and so have about the same factor
    there. With the same ξ they agree on the voxel's logit, the sample has no seams, and blending
    them takes nothing from its variance. With a draw for each window they would contradict each
    other. The authors do the same where they apply their network, trained on patches, to a whole
    scan. The price: a factor says nothing of two places that no patch of the training held
    together, and a sample has them depend on each other all the same. ε depends on the coordinates
    in the volume, as element-wise dropout does.

    Without a seed, the sample is the mean. In training the outputs are passed on as they are, as
    the loss draws many samples of them.

    References:
        Monteiro et al. 2020, Stochastic segmentation networks: modelling spatially correlated
        aleatoric uncertainty (NeurIPS).
    """

    def __init__(self, rank: int, **kwargs: Any) -> None:
        """Make the layer.

        Args:
            rank: R.
            **kwargs: arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self._rank = rank

    def call(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor | None = None,
        corner: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        if training:
            return inputs
        gaussian = logit_gaussian(inputs, self._rank)
        if seed is None:
            return gaussian.mean
        space = inputs.shape[1:-1]
        if corner is None:
            corner = tf.zeros([1, len(space)], tf.int32)
        channels = gaussian.mean.shape[-1]
        own = normal_at(corner, space, fold_in(seed, _OWN), channels=channels, draws=1)[0]
        common = standard_normal(tf.TensorShape([1, self._rank]), fold_in(seed, _COMMON))
        return tf.ensure_shape(gaussian.logits(own, common), gaussian.mean.shape)

    def depends_on_place(self, shape: tf.TensorShape) -> bool:
        """Whether the noise of inputs of this shape depends on their coordinates in the volume."""
        return len(shape) > 2
