"""LeNet (LeCun et al. 1998), for 2D images of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tf_keras

from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle, convolution, dense, dropout, max_pool


def lenet(
    layers: LayerFactory,
    image: tf_keras.KerasTensor,
    *,
    outputs: int,
    widths: Sequence[int],
    dense_widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
) -> tf_keras.KerasTensor:
    """``image [N, rows, columns, C] → [N, outputs]``.

    Each of ``widths`` is a 5×5 convolution and a 2×2 max-pooling, the first padded as MNIST's 28×28 need it, the others not;
    each of ``dense_widths`` a dense layer. ``level_dropout``: rate after a convolution's pooling or a dense layer, counted from 1
    through both.
    """
    x = image
    for level, width in enumerate(widths, start=1):
        padding = "same" if level == 1 else "valid"
        x = convolution(layers, style, width, 5, padding=padding, name=f"conv{level}")(x)
        x = max_pool(2, name=f"pool{level}")(x)
        x = dropout(layers, style, level_dropout.get(level, 0.0), name=f"dropout{level}")(x)
    x = tf_keras.layers.Flatten(name="flatten")(x)
    for level, width in enumerate(dense_widths, start=len(widths) + 1):
        x = dense(layers, style, width, name=f"dense{level}")(x)
        x = dropout(layers, style, level_dropout.get(level, 0.0), name=f"dropout{level}")(x)
    return layers.dense(outputs, name="logits")(x)
