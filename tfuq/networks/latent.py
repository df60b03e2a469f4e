"""A latent variational network over any backbone (after Sagar, "Uncertainty Quantification using Variational Inference for
Biomedical Image Segmentation", 2020)."""

from __future__ import annotations

from collections.abc import Callable

import tf_keras

from tfuq.config import LatentConfig
from tfuq.layers import Broadcast, LayerFactory, PixelMoments
from tfuq.networks.blocks import ConvolutionStyle, convolution, dense

_MEAN_OVER_SPACE = {2: tf_keras.layers.GlobalAveragePooling2D, 3: tf_keras.layers.GlobalAveragePooling3D}


def latent(
    layers: LayerFactory,
    features: tf_keras.KerasTensor,
    *,
    config: LatentConfig,
    kl_scale: float,
    outputs: int,
    style: ConvolutionStyle,
) -> tf_keras.KerasTensor:
    """``features [N, *spatial, 2F]`` of a backbone → ``[N, *spatial, outputs]``; without space, ``[N, 2F] → [N, outputs]``.

    The features are a mean and a standard deviation per pixel. An encoder of convolutions of stride two, averaged over space,
    turns them into the mean and width of one code per example; the code, drawn, is joined to them at every pixel and
    decoded. ``layers`` makes encoder and decoder, whose weights are variational; the backbone has its own. ``kl_scale`` is the
    factor on the code's KL divergence (see `tfuq.layers.LatentCode`).
    """
    moments = x = PixelMoments(name="pixel_moments")(features)
    has_space = len(features.shape) > 2
    for number, width in enumerate(config.encoder_widths, start=1):
        x = _transform(layers, style, width, name=f"code_encoder{number}", strides=2)(x)
    x = _MEAN_OVER_SPACE[style.rank](name="code_mean")(x) if has_space else x
    x = layers.dense(2 * config.size, name="code_moments")(x)
    code = layers.code(kl_scale=kl_scale, initial_scale=config.initial_scale, name="code")(x)
    code = Broadcast(name="code_everywhere")(code, moments) if has_space else code
    x = tf_keras.layers.Concatenate(name="code_concat")([code, moments])
    for number, width in enumerate(config.decoder_widths, start=1):
        x = _transform(layers, style, width, name=f"code_decoder{number}")(x)
    if has_space:
        return layers.conv(outputs, 1, rank=style.rank, name="latent_logits")(x)
    return layers.dense(outputs, name="latent_logits")(x)


def _transform(layers: LayerFactory, style: ConvolutionStyle, width: int, *, name: str, strides: int = 1) -> Callable:
    """A 3×3 convolution of a map, a dense layer of what has no space."""

    def apply(x):
        if len(x.shape) == 2:
            return dense(layers, style, width, name=name)(x)
        return convolution(layers, style, width, 3, strides=strides, name=name)(x)

    return apply
