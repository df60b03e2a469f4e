"""The code of a probabilistic U-Net: from a prior of the image, or a posterior of its label too."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers.latent import gaussian_kl, mean_and_width
from tfuq.networks.layers.seeded_weights import untransformed
from tfuq.networks.layers.seeds import fold_in, layer_salt, standard_normal

_FIRST_WIDTH = 1.0  # of inputs that are zero: that of a standard normal code
_LEAST_WIDTH = 1e-3  # by which the KL divergence is divided


class ConditionalCode(tf_keras.layers.Layer):
    """A code ``[N, Z]`` from the Gaussian of a prior network, or from that of a posterior network.

    A network gives moments ``[N, 2Z]``: means, and numbers of which softplus is the width. The code
    is mean + width · ε, with ε standard normal from ``seed``. Without a seed, it is its mean. In
    training each example has its own ε; in prediction all have the same one.

    With a posterior, the code is of the posterior, and the layer adds KL(posterior ‖ prior),
    averaged over the examples, to the losses.

    Call arguments:
        inputs: moments of the prior, ``[N, 2Z]``.
        posterior: moments of the posterior, ``[N, 2Z]``; None in prediction.
        seed: stateless seed, int32 ``[2]``.

    References:
        Kohl et al. 2018, A probabilistic U-Net for segmentation of ambiguous images, equation 4.
    """

    def __init__(self, *, kl_scale: float, **kwargs: Any) -> None:
        """Make the layer.

        Args:
            kl_scale: factor on the KL divergence: β / (voxels of an example) where the likelihood
                is averaged over voxels.
            **kwargs: arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.kl_scale = kl_scale

    def call(
        self,
        inputs: tf.Tensor,
        posterior: tf.Tensor | None = None,
        seed: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        mean, width = _moments(inputs)
        if posterior is not None:
            prior_mean, prior_width = mean, width
            mean, width = _moments(posterior)
            # The divergence is the same in units of the prior.
            divergence = gaussian_kl((mean - prior_mean) / prior_width, width / prior_width)
            self.add_loss(self.kl_scale * tf.reduce_mean(divergence))
        if seed is None:
            return mean
        shape = tf.TensorShape([1, mean.shape[-1]])
        if training:
            shape = tf.shape(mean)
        normal = standard_normal(shape, fold_in(seed, layer_salt(self.name)))
        return mean + width * normal


def _moments(inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and width, which is not next to zero."""
    mean, width = mean_and_width(inputs, untransformed(_FIRST_WIDTH))
    return mean, width + _LEAST_WIDTH


class OneHot(tf_keras.layers.Layer):
    """Labels ``[N, *S]`` as one channel for each class; a voxel without a label has only zeros."""

    def __init__(self, classes: int, **kwargs: Any) -> None:
        """Make the layer.

        Args:
            classes: how many there are.
            **kwargs: arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self._classes = classes

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.one_hot(inputs, self._classes)
