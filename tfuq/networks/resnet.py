"""A residual network, for 2D images of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import (
    ConvolutionStyle,
    convolution,
    dropout,
    normalized_convolution,
    residual_block,
)
from tfuq.networks.layers import LayerFactory


def resnet(
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    outputs: int,
    widths: Sequence[int],
    blocks: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
) -> tf.Tensor:
    """Build the network.

    A convolution of stride 1 comes first, as in the network that the paper has for images of 32×32
    pixels: medical images are resized, and small findings would be lost by an early stride.

    Args:
        layers: makes the layers.
        image: ``[N, rows, columns, C]``.
        outputs: channels of the output.
        widths: filters of each stage. Every stage but the first halves rows and columns.
        blocks: residual blocks of two 3×3 convolutions in each stage, one number for each.
        style: of the convolutions.
        level_dropout: rate after a stage, by its number, counted from 1.

    Returns:
        ``[N, outputs]``.

    References:
        He et al. 2016, Deep residual learning for image recognition (CVPR), section 4.2.
    """
    x = convolution(layers, style, widths[0], 3, name="stem")(image)
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
        for block in range(1, count + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            x = _block(layers, style, x, width=width, strides=strides, name=name)
        rate = level_dropout.get(stage, 0.0)
        x = dropout(layers, style, rate, name=f"stage{stage}_dropout")(x)
    x = tf_keras.layers.GlobalAveragePooling2D(name="average")(x)
    return layers.dense(outputs, name="logits")(x)


def _block(
    layers: LayerFactory,
    style: ConvolutionStyle,
    x: tf.Tensor,
    *,
    width: int,
    strides: int,
    name: str,
) -> tf.Tensor:
    """A residual block.

    Where the size or the number of channels changes, the input goes through a 1×1 convolution.
    """
    shortcut = x
    if strides > 1 or x.shape[-1] != width:
        shortcut = normalized_convolution(
            layers, style, width, 1, strides=strides, name=f"{name}_shortcut"
        )(x)
    block = residual_block(layers, style, width, 3, strides=strides, shortcut=shortcut, name=name)
    return block(x)
