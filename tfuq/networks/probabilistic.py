"""A probabilistic U-Net, over any backbone and for any number of spatial axes.

References:
    Kohl et al. 2018, A probabilistic U-Net for segmentation of ambiguous images (NeurIPS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import tensorflow as tf
import tf_keras

from tfuq.config import ProbabilisticConfig
from tfuq.networks.blocks import ConvolutionStyle, convolution
from tfuq.networks.layers import FLOAT32, Broadcast, LayerFactory, OneHot
from tfuq.networks.rebuilt import output_without

_MEAN_OVER_SPACE = {
    2: tf_keras.layers.GlobalAveragePooling2D,
    3: tf_keras.layers.GlobalAveragePooling3D,
}
_POSTERIOR = "posterior_moments"


@dataclass(frozen=True, kw_only=True)
class CodeNetworks:
    """The prior and the posterior network, which see the image beside the backbone.

    Attributes:
        config: the method's section of the configuration.
        widths: filters of each level of both networks.
        style: of their convolutions.
        kl_scale: factor on the code's KL divergence.
    """

    config: ProbabilisticConfig
    widths: Sequence[int]
    style: ConvolutionStyle
    kl_scale: float

    def code(
        self, layers: LayerFactory, image: tf.Tensor, labels: tf.Tensor | None, *, classes: int
    ) -> tf.Tensor:
        """The code ``[N, Z]``: of the posterior where there are labels, else of the prior.

        Args:
            layers: makes the layers.
            image: ``[N, *S, C]``.
            labels: class indices, int32 ``[N, *S]``, or None.
            classes: how many there are.
        """
        draw = layers.conditional_code(kl_scale=self.kl_scale, name="code")
        prior = self._moments(layers, image, "prior")
        if labels is None:
            return draw(prior)
        shown = OneHot(classes, name="posterior_labels")(labels)
        joined = tf_keras.layers.Concatenate(name="posterior_concat")([image, shown])
        return draw(prior, posterior=self._moments(layers, joined, "posterior"))

    def _moments(self, layers: LayerFactory, x: tf.Tensor, name: str) -> tf.Tensor:
        """Mean and width of a code, ``[N, 2Z]``."""
        style = replace(self.style, normalization="none", dropout_after_each=0.0)
        strides = 1
        for level, width in enumerate(self.widths, start=1):
            first = f"{name}{level}_conv1"
            x = convolution(layers, style, width, 3, strides=strides, name=first)(x)
            x = convolution(layers, style, width, 3, name=f"{name}{level}_conv2")(x)
            strides = 2
        x = _MEAN_OVER_SPACE[style.rank](name=f"{name}_mean")(x)
        return layers.dense(2 * self.config.size, name=f"{name}_moments")(x)


def with_code(
    layers: LayerFactory,
    features: tf.Tensor,
    code: tf.Tensor,
    *,
    widths: Sequence[int],
    style: ConvolutionStyle,
    outputs: int,
) -> tf.Tensor:
    """Join a code to a backbone's features at every pixel, and mix both by convolutions of size 1.

    Args:
        layers: makes the layers.
        features: ``[N, *S, F]``.
        code: ``[N, Z]``.
        widths: filters of the convolutions before the last.
        style: of the convolutions.
        outputs: channels of the output.

    Returns:
        ``[N, *S, outputs]``.
    """
    style = replace(style, normalization="none", dropout_after_each=0.0)
    everywhere = Broadcast(name="code_everywhere")(code, features)
    x = tf_keras.layers.Concatenate(name="code_concat")([features, everywhere])
    for number, width in enumerate(widths, start=1):
        x = convolution(layers, style, width, 1, name=f"code_decoder{number}")(x)
    return layers.conv(outputs, 1, rank=style.rank, name="code_logits", dtype=FLOAT32)(x)


def of_prior(trained: tf_keras.Model) -> tf_keras.Model:
    """The network that predicts: its code is of the prior, and it sees no labels.

    Args:
        trained: ``(image, seed, labels) → outputs``, whose code is of the posterior.

    Returns:
        ``(image, seed) → output``, on the same layers.
    """
    image, seed, _ = trained.inputs
    output = output_without(trained, trained.get_layer(_POSTERIOR).output)
    return tf_keras.Model([image, seed], output, name=trained.name)
