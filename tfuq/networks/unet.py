"""U-Net (Ronneberger et al. 2015), for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tf_keras

from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle, Head, convolution, dropout, max_pool, two_convolutions, upsample


def unet(
    layers: LayerFactory,
    image: tf_keras.KerasTensor,
    *,
    outputs: int,
    widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
    upsample_dropout: float,
    head: Head,
) -> tf_keras.KerasTensor:
    """``image [N, *spatial, C] → [N, *spatial, outputs]``.

    ``widths``: filters per level, the last being the bottom. ``level_dropout``: rate after an encoder level, levels
    counted from 1. ``upsample_dropout``: rate after every up-sampling.
    """
    skips, x = [], image
    for level, width in enumerate(widths, start=1):
        x = max_pool(style.rank, name=f"pool{level - 1}")(x) if skips else x
        x = two_convolutions(layers, style, width, f"encoder{level}")(x)
        x = dropout(layers, style, level_dropout.get(level, 0.0), name=f"encoder{level}_dropout")(x)
        skips.append(x)
    for level in range(len(widths) - 1, 0, -1):
        x = upsample(style.rank, name=f"decoder{level}_upsample")(x)
        x = dropout(layers, style, upsample_dropout, name=f"decoder{level}_dropout")(x)
        x = _merge(layers, style, widths[level - 1], level)(x, skips[level - 1])
    return head(layers, style, outputs)(x)


def _merge(layers, style, width, level):
    def apply(x, skip):
        x = convolution(layers, style, width, 2, name=f"decoder{level}_up_conv")(x)
        x = tf_keras.layers.Concatenate(name=f"decoder{level}_concat")([skip, x])
        return two_convolutions(layers, style, width, f"decoder{level}")(x)

    return apply
