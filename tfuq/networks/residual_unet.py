"""U-Net with a residual encoder, for any number of spatial axes and for scans of thick slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import (
    ConvolutionStyle,
    average_pool,
    convolution,
    dropout,
    normalized_convolution,
    residual_block,
)
from tfuq.networks.layers import LayerFactory, SubPixels

Sizes = Sequence[int]  # a number for each spatial axis


def residual_unet(
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    widths: Sequence[int],
    blocks: Sequence[int],
    kernels: Sequence[Sizes],
    strides: Sequence[Sizes],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
    upsample_dropout: float,
) -> list[tf.Tensor]:
    """Build encoder and decoder.

    A convolution comes first. Each level of the encoder is some residual blocks, of which the first
    goes down. Each level of the decoder is a transposed convolution (see
    `tfuq.networks.layers.SubPixels`), the encoder's features beside it, and a convolution.

    Args:
        layers: makes the layers.
        image: ``[N, *S, C]``.
        widths: filters of each level; the last is the bottom.
        blocks: residual blocks of each level of the encoder.
        kernels: sizes of the convolutions of each level.
        strides: steps from each level to the next one, one entry fewer than there are levels.
        style: of the convolutions.
        level_dropout: rate after an encoder level, by level, counted from 1.
        upsample_dropout: rate after every transposed convolution.

    Returns:
        The features of each level of the decoder, the finest first: ``[N, *S, widths[0]]`` and so
        on. The bottom is not among them.

    References:
        Isensee et al. 2024, nnU-Net revisited: a call for rigorous validation in 3D medical image
        segmentation.
    """
    x = convolution(layers, style, widths[0], kernels[0], name="stem")(image)
    skips: list[tf.Tensor] = []
    first_strides = [1] * style.rank
    for level, level_strides in enumerate([first_strides, *strides], start=1):
        x = _encoder_level(
            layers,
            style,
            x,
            width=widths[level - 1],
            blocks=blocks[level - 1],
            size=kernels[level - 1],
            strides=level_strides,
            name=f"encoder{level}",
        )
        rate = level_dropout.get(level, 0.0)
        x = dropout(layers, style, rate, name=f"encoder{level}_dropout")(x)
        skips.append(x)
    decoded: list[tf.Tensor] = []
    for level in range(len(widths) - 1, 0, -1):
        width = widths[level - 1]
        name = f"decoder{level}"
        x = _transposed(layers, style, x, width=width, strides=strides[level - 1], name=name)
        x = dropout(layers, style, upsample_dropout, name=f"{name}_dropout")(x)
        x = tf_keras.layers.Concatenate(name=f"{name}_concat")([skips[level - 1], x])
        x = convolution(layers, style, width, kernels[level - 1], name=f"{name}_conv")(x)
        decoded.append(x)
    return decoded[::-1]


def _encoder_level(
    layers: LayerFactory,
    style: ConvolutionStyle,
    x: tf.Tensor,
    *,
    width: int,
    blocks: int,
    size: Sizes,
    strides: Sizes,
    name: str,
) -> tf.Tensor:
    """Residual blocks, of which the first has the strides."""
    stay = [1] * style.rank
    for number, block_strides in enumerate([strides, *[stay] * (blocks - 1)], start=1):
        x = _block(
            layers,
            style,
            x,
            width=width,
            size=size,
            strides=block_strides,
            name=f"{name}_block{number}",
        )
    return x


def _block(
    layers: LayerFactory,
    style: ConvolutionStyle,
    x: tf.Tensor,
    *,
    width: int,
    size: Sizes,
    strides: Sizes,
    name: str,
) -> tf.Tensor:
    """A residual block.

    Where it goes down, its input is averaged before it is added: a convolution with strides would
    leave most of it out. Where the number of channels changes, it goes through a convolution of
    size one.
    """
    shortcut = x
    if max(strides) > 1:
        shortcut = average_pool(style.rank, strides, name=f"{name}_pool")(shortcut)
    if x.shape[-1] != width:
        shortcut = normalized_convolution(layers, style, width, 1, name=f"{name}_shortcut")(
            shortcut
        )
    block = residual_block(
        layers, style, width, size, strides=strides, shortcut=shortcut, name=name
    )
    return block(x)


def _transposed(
    layers: LayerFactory,
    style: ConvolutionStyle,
    x: tf.Tensor,
    *,
    width: int,
    strides: Sizes,
    name: str,
) -> tf.Tensor:
    """A transposed convolution whose size is its stride."""
    channels = width * math.prod(strides)
    x = layers.conv(channels, 1, rank=style.rank, name=f"{name}_up_conv")(x)
    return SubPixels(strides, name=f"{name}_up")(x)
