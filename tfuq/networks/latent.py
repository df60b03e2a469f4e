"""A network with a latent code, over any backbone.

References:
    After Sagar 2020, Uncertainty quantification using variational inference for biomedical image
    segmentation.
"""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from tfuq.config import LatentConfig
from tfuq.networks.blocks import ConvolutionStyle, convolution, dense
from tfuq.networks.layers import Broadcast, LayerFactory, PixelMoments
from tfuq.networks.layers.factory import Apply

_PREFIXES = ("code", "latent_logits")  # of the names of layers that no backbone has
_MEAN_OVER_SPACE = {
    2: tf_keras.layers.GlobalAveragePooling2D,
    3: tf_keras.layers.GlobalAveragePooling3D,
}


def is_of_code(layer: str) -> bool:
    """Whether a layer, by its name, is about the latent code, and not of the backbone."""
    return layer.startswith(_PREFIXES)


def latent(
    layers: LayerFactory,
    features: tf.Tensor,
    *,
    config: LatentConfig,
    kl_scale: float,
    outputs: int,
    style: ConvolutionStyle,
) -> tf.Tensor:
    """Add an encoder, a latent code and a decoder to a backbone.

    The features are a mean and a standard deviation per pixel. An encoder of convolutions of stride
    two, averaged over space, turns them into the mean and width of one code per example. The code
    is joined to the features at every pixel, and both are decoded.

    Args:
        layers: makes encoder and decoder, whose weights are variational. The backbone may have
            layers of another factory.
        features: of the backbone, ``[N, *S, 2F]``, or ``[N, 2F]`` without spatial axes.
        config: the latent code's section of the configuration.
        kl_scale: factor on the code's KL divergence (see `tfuq.networks.layers.LatentCode`).
        outputs: channels of the output.
        style: of the convolutions.

    Returns:
        ``[N, *S, outputs]``, or ``[N, outputs]`` without spatial axes.
    """
    has_space = len(features.shape) > 2
    moments = PixelMoments(name="pixel_moments")(features)
    x = moments
    for number, width in enumerate(config.encoder_widths, start=1):
        x = _transform(layers, style, width, name=f"code_encoder{number}", strides=2)(x)
    if has_space:
        x = _MEAN_OVER_SPACE[style.rank](name="code_mean")(x)
    x = layers.dense(2 * config.size, name="code_moments")(x)
    draw_code = layers.code(kl_scale=kl_scale, initial_scale=config.initial_scale, name="code")
    code = draw_code(x)
    if has_space:
        code = Broadcast(name="code_everywhere")(code, moments)
    x = tf_keras.layers.Concatenate(name="code_concat")([code, moments])
    for number, width in enumerate(config.decoder_widths, start=1):
        x = _transform(layers, style, width, name=f"code_decoder{number}")(x)
    if has_space:
        return layers.conv(outputs, 1, rank=style.rank, name="latent_logits")(x)
    return layers.dense(outputs, name="latent_logits")(x)


def _transform(
    layers: LayerFactory,
    style: ConvolutionStyle,
    width: int,
    *,
    name: str,
    strides: int = 1,
) -> Apply:
    """A 3×3 convolution of a map, or a dense layer of an input without spatial axes."""

    def apply(x: tf.Tensor) -> tf.Tensor:
        if len(x.shape) == 2:
            return dense(layers, style, width, name=name)(x)
        return convolution(layers, style, width, 3, strides=strides, name=name)(x)

    return apply
