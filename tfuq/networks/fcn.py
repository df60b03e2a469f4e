"""Fully convolutional network with the skips of FCN-8s (Long, Shelhamer & Darrell 2015), for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tf_keras

from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle, convolution, dropout, max_pool, resize, two_convolutions

_SCORED = 3  # pooling levels that are scored, the deepest


def fcn(
    layers: LayerFactory,
    image: tf_keras.KerasTensor,
    *,
    outputs: int,
    widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
) -> tf_keras.KerasTensor:
    """``image [N, *spatial, C] → [N, *spatial, outputs]``.

    Each of ``widths`` is two convolutions and a pooling; the last pooling is followed by two more convolutions, of size 3 and 1,
    which stand for the fully connected layers. 1×1 convolutions score the last three levels; scores are up-sampled and
    added from the deepest up, and their sum is brought to the image's size. Every up-sampling is linear and fixed, as the
    paper's last one; the paper trains the others from there. ``level_dropout``: rate after a level's pooling, levels counted from 1.
    """
    pooled, x = [], image
    for level, width in enumerate(widths, start=1):
        x = two_convolutions(layers, style, width, f"level{level}")(x)
        x = max_pool(style.rank, name=f"pool{level}")(x)
        x = _classifier(layers, style, width)(x) if level == len(widths) else x
        x = dropout(layers, style, level_dropout.get(level, 0.0), name=f"level{level}_dropout")(x)
        pooled.append(x)
    first = max(len(widths) - _SCORED, 0)
    total = None
    for level in range(len(widths), first, -1):
        score = layers.conv(outputs, 1, rank=style.rank, name=f"score{level}")(pooled[level - 1])
        total = score if total is None else _sum(total, score, level)
    return resize(2 ** (first + 1), name="resize")(total)


def _classifier(layers, style, width):
    def apply(x):
        x = convolution(layers, style, width, 3, name="classifier_conv1")(x)
        return convolution(layers, style, width, 1, name="classifier_conv2")(x)

    return apply


def _sum(deeper, score, level):
    return tf_keras.layers.Add(name=f"sum{level}")([resize(2, name=f"resize{level}")(deeper), score])
