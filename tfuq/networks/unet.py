"""U-Net, for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from tfuq.networks.blocks import (
    ConvolutionStyle,
    Head,
    StepUp,
    dropout,
    max_pool,
    two_convolutions,
)
from tfuq.networks.layers import LayerFactory


def unet(
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    outputs: int,
    widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
    upsample_dropout: float,
    head: Head,
) -> tf.Tensor:
    """Build the network.

    Args:
        layers: makes the layers.
        image: ``[N, *S, C]``.
        outputs: channels of the output.
        widths: filters of each level; the last is the bottom.
        style: of the convolutions.
        level_dropout: rate after an encoder level, by level, counted from 1.
        upsample_dropout: rate after every up-sampling.
        head: the end of the network.

    Returns:
        ``[N, *S, outputs]``.

    References:
        Ronneberger et al. 2015, U-Net: convolutional networks for biomedical image segmentation.
    """
    skips: list[tf.Tensor] = []
    x = image
    for level, width in enumerate(widths, start=1):
        if skips:
            x = max_pool(style.rank, name=f"pool{level - 1}")(x)
        x = two_convolutions(layers, style, width, f"encoder{level}")(x)
        rate = level_dropout.get(level, 0.0)
        x = dropout(layers, style, rate, name=f"encoder{level}_dropout")(x)
        skips.append(x)
    step_up = StepUp(layers=layers, style=style, dropout=upsample_dropout)
    for level in range(len(widths) - 1, 0, -1):
        width = widths[level - 1]
        x = step_up(x, skips[level - 1], level=level, width=width)
        x = two_convolutions(layers, style, width, f"decoder{level}")(x)
    return head(layers, style, outputs)(x)
