"""U-Net (Ronneberger et al. 2015), for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tf_keras

from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle, convolution, max_pool, upsample


def unet(
    layers: LayerFactory,
    *,
    input_shape: Sequence[int],
    outputs: int,
    widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float] | None = None,
    upsample_dropout: float = 0.0,
    head_filters: int | None = None,
    head_activation: str | None = None,
) -> tf_keras.Model:
    """Build ``(image [N, *spatial, C], seed [2]) → logits [N, *spatial, outputs]``.

    ``widths``: filters per level, the last being the bottom. ``level_dropout``: rate after an encoder level, levels
    counted from 1. ``upsample_dropout``: rate after every up-sampling. ``head_filters``: a further 3×3
    convolution, with ``head_activation``, before the final 1×1 one.
    """
    image = tf_keras.Input(tuple(input_shape), name="image")
    skips, x = [], image
    for level, width in enumerate(widths, start=1):
        x = max_pool(style.rank, name=f"pool{level - 1}")(x) if skips else x
        x = _two_convolutions(layers, style, width, f"encoder{level}")(x)
        rate = (level_dropout or {}).get(level, 0.0)
        x = layers.dropout(rate, spatial=style.spatial_dropout, name=f"encoder{level}_dropout")(x) if rate else x
        skips.append(x)
    for level in range(len(widths) - 1, 0, -1):
        x = upsample(style.rank, name=f"decoder{level}_upsample")(x)
        if upsample_dropout:
            x = layers.dropout(upsample_dropout, spatial=style.spatial_dropout, name=f"decoder{level}_dropout")(x)
        x = _merge(layers, style, widths[level - 1], level)(x, skips[level - 1])
    if head_filters:
        x = layers.conv(head_filters, 3, rank=style.rank, activation=head_activation, name="head_conv")(x)
    logits = layers.conv(outputs, 1, rank=style.rank, name="logits")(x)
    return tf_keras.Model([image, layers.seed], logits, name="unet")


def _two_convolutions(layers, style, width, name):
    def apply(x):
        x = convolution(layers, style, width, 3, name=f"{name}_conv1")(x)
        return convolution(layers, style, width, 3, name=f"{name}_conv2")(x)

    return apply


def _merge(layers, style, width, level):
    def apply(x, skip):
        x = convolution(layers, style, width, 2, name=f"decoder{level}_up_conv")(x)
        x = tf_keras.layers.Concatenate(name=f"decoder{level}_concat")([skip, x])
        return _two_convolutions(layers, style, width, f"decoder{level}")(x)

    return apply
