"""V-Net, for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import (
    ConvolutionStyle,
    Head,
    StepUp,
    activation,
    convolution,
    dropout,
    dropout_after_each,
    normalized_convolution,
)
from tfuq.networks.layers import LayerFactory
from tfuq.networks.layers.factory import Apply

_MOST_CONVOLUTIONS = 3  # of a stage: 1, 2, 3, 3, 3 going down


def vnet(
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    outputs: int,
    widths: Sequence[int],
    kernel_size: int,
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
    upsample_dropout: float,
    head: Head,
) -> tf.Tensor:
    """Build the network.

    A stage is one to three convolutions that learn what to add to the stage's input. The image,
    whose channels differ, is added by way of a 1×1 convolution. Convolutions of stride two go down.
    Going up is up-sampling and a convolution of size two, where the paper has transposed
    convolutions; a stage there has the channels of both its inputs.

    Args:
        layers: makes the layers.
        image: ``[N, *S, C]``.
        outputs: channels of the output.
        widths: filters of each level; the last is the bottom.
        kernel_size: of a stage's convolutions.
        style: of the convolutions.
        level_dropout: rate after an encoder level, by level, counted from 1.
        upsample_dropout: rate after every up-sampling.
        head: the end of the network.

    Returns:
        ``[N, *S, outputs]``.

    References:
        Milletari, Navab & Ahmadi 2016, V-Net: fully convolutional neural networks for volumetric
        medical image segmentation.
    """
    skips: list[tf.Tensor] = []
    x = image
    for level, width in enumerate(widths, start=1):
        if skips:
            x = convolution(layers, style, width, 2, strides=2, name=f"down{level - 1}_conv")(x)
        x = _stage(layers, style, width, kernel_size, level, f"encoder{level}")(x)
        rate = level_dropout.get(level, 0.0)
        x = dropout(layers, style, rate, name=f"encoder{level}_dropout")(x)
        skips.append(x)
    step_up = StepUp(layers=layers, style=style, dropout=upsample_dropout)
    for level in range(len(widths) - 1, 0, -1):
        width = widths[level - 1]
        x = step_up(x, skips[level - 1], level=level, width=width)
        x = _stage(layers, style, 2 * width, kernel_size, level, f"decoder{level}")(x)
    return head(layers, style, outputs)(x)


def _stage(
    layers: LayerFactory,
    style: ConvolutionStyle,
    width: int,
    size: int,
    level: int,
    name: str,
) -> Apply:
    """Convolutions whose result is added to their input before the last activation."""
    count = min(level, _MOST_CONVOLUTIONS)
    last_name = f"{name}_conv{count}"

    def apply(stage_input: tf.Tensor) -> tf.Tensor:
        x = stage_input
        for number in range(1, count):
            x = convolution(layers, style, width, size, name=f"{name}_conv{number}")(x)
        x = normalized_convolution(layers, style, width, size, name=last_name)(x)
        if stage_input.shape[-1] != width:
            project = layers.conv(width, 1, rank=style.rank, name=f"{name}_projection")
            stage_input = project(stage_input)
        x = tf_keras.layers.Add(name=f"{name}_add")([stage_input, x])
        x = activation(style, rank=style.rank, name=name)(x)
        return dropout_after_each(layers, style, name=last_name)(x)

    return apply
