"""V-Net (Milletari, Navab & Ahmadi 2016), for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tf_keras

from tfuq.layers import LayerFactory
from tfuq.networks.blocks import (
    ConvolutionStyle,
    Head,
    activation,
    convolution,
    dropout,
    dropout_after_each,
    normalized_convolution,
    upsample,
)

_MOST_CONVOLUTIONS = 3  # of a stage: 1, 2, 3, 3, 3 going down


def vnet(
    layers: LayerFactory,
    image: tf_keras.KerasTensor,
    *,
    outputs: int,
    widths: Sequence[int],
    kernel_size: int,
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
    upsample_dropout: float,
    head: Head,
) -> tf_keras.KerasTensor:
    """``image [N, *spatial, C] → [N, *spatial, outputs]``.

    A stage is one to three convolutions of ``kernel_size`` that learn what to add to the stage's input; the image, whose
    channels differ, is added by way of a 1×1 convolution. Convolutions of stride two go down. Going up, where the paper has
    transposed convolutions, is up-sampling and a convolution of size two; a stage there has the channels of both its parts.
    ``widths``: filters per level, the last being the bottom. ``level_dropout``: rate after an encoder level, levels counted
    from 1. ``upsample_dropout``: rate after every up-sampling.
    """
    skips, x = [], image
    for level, width in enumerate(widths, start=1):
        x = convolution(layers, style, width, 2, strides=2, name=f"down{level - 1}_conv")(x) if skips else x
        x = _stage(layers, style, (width, kernel_size, level), f"encoder{level}")(x)
        x = dropout(layers, style, level_dropout.get(level, 0.0), name=f"encoder{level}_dropout")(x)
        skips.append(x)
    for level in range(len(widths) - 1, 0, -1):
        x = upsample(style.rank, name=f"decoder{level}_upsample")(x)
        x = dropout(layers, style, upsample_dropout, name=f"decoder{level}_dropout")(x)
        x = convolution(layers, style, widths[level - 1], 2, name=f"decoder{level}_up_conv")(x)
        x = tf_keras.layers.Concatenate(name=f"decoder{level}_concat")([skips[level - 1], x])
        x = _stage(layers, style, (2 * widths[level - 1], kernel_size, level), f"decoder{level}")(x)
    return head(layers, style, outputs)(x)


def _stage(layers, style, shape, name):
    """Convolutions whose result is added to their input before the last activation."""
    width, size, level = shape
    count = min(level, _MOST_CONVOLUTIONS)

    def apply(given):
        x = given
        for number in range(1, count):
            x = convolution(layers, style, width, size, name=f"{name}_conv{number}")(x)
        x = normalized_convolution(layers, style, width, size, name=f"{name}_conv{count}")(x)
        if given.shape[-1] != width:
            given = layers.conv(width, 1, rank=style.rank, name=f"{name}_projection")(given)
        x = tf_keras.layers.Add(name=f"{name}_add")([given, x])
        x = activation(style, rank=style.rank, name=name)(x)
        return dropout_after_each(layers, style, name=f"{name}_conv{count}")(x)

    return apply
