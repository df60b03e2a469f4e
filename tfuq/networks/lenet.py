"""LeNet, for 2D images of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import ConvolutionStyle, convolution, dense, dropout, max_pool
from tfuq.networks.layers import FLOAT32, LayerFactory


def lenet(
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    outputs: int,
    widths: Sequence[int],
    dense_widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
) -> tf.Tensor:
    """Build the network.

    Args:
        layers: makes the layers.
        image: ``[N, rows, columns, C]``.
        outputs: channels of the output.
        widths: filters of each 5×5 convolution; 2×2 max-pooling follows each. The first is padded,
            as MNIST's 28×28 pixels need it, the others are not.
        dense_widths: units of each dense layer.
        style: of the convolutions.
        level_dropout: rate after a convolution's pooling or after a dense layer, by level, counted
            from 1 through both.

    Returns:
        ``[N, outputs]``.

    References:
        LeCun et al. 1998, Gradient-based learning applied to document recognition.
    """
    x = image
    for level, width in enumerate(widths, start=1):
        padding = "same" if level == 1 else "valid"
        x = convolution(layers, style, width, 5, padding=padding, name=f"conv{level}")(x)
        x = max_pool(2, name=f"pool{level}")(x)
        rate = level_dropout.get(level, 0.0)
        x = dropout(layers, style, rate, name=f"dropout{level}")(x)
    x = tf_keras.layers.Flatten(name="flatten")(x)
    for level, width in enumerate(dense_widths, start=len(widths) + 1):
        x = dense(layers, style, width, name=f"dense{level}")(x)
        rate = level_dropout.get(level, 0.0)
        x = dropout(layers, style, rate, name=f"dropout{level}")(x)
    return layers.dense(outputs, name="logits", dtype=FLOAT32)(x)
