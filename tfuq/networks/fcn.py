"""Fully convolutional network with the skips of FCN-8s, for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import (
    ConvolutionStyle,
    convolution,
    dropout,
    max_pool,
    resize,
    two_convolutions,
)
from tfuq.networks.layers import FLOAT32, LayerFactory
from tfuq.networks.layers.factory import Apply

_SCORED_LEVELS = 3  # the deepest ones


def fcn(
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    outputs: int,
    widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
) -> tf.Tensor:
    """Build the network.

    Each level is two convolutions and a pooling. Two more convolutions, of size 3 and 1, follow the
    last pooling; they stand for the fully connected layers. 1×1 convolutions score the last three
    levels. Scores are up-sampled and added from the deepest up, and their sum is brought to the
    image's size. Every up-sampling is linear and fixed, as the paper's last one; the paper trains
    the others, with linear up-sampling as their start.

    Args:
        layers: makes the layers.
        image: ``[N, *S, C]``.
        outputs: channels of the output.
        widths: filters of each level.
        style: of the convolutions.
        level_dropout: rate after a level's pooling, by level, counted from 1.

    Returns:
        ``[N, *S, outputs]``.

    References:
        Long, Shelhamer & Darrell 2015, Fully convolutional networks for semantic segmentation.
    """
    pooled = _pooled_levels(layers, image, widths, style, level_dropout)
    deepest = len(widths)
    first_unscored = max(deepest - _SCORED_LEVELS, 0)
    total = None
    for level in range(deepest, first_unscored, -1):
        score_layer = layers.conv(
            outputs,
            1,
            rank=style.rank,
            name=f"score{level}",
            dtype=FLOAT32,
        )
        score = score_layer(pooled[level - 1])
        if total is not None:
            score = _sum(total, score, level)
        total = score
    return resize(2 ** (first_unscored + 1), name="resize")(total)


def _pooled_levels(
    layers: LayerFactory,
    image: tf.Tensor,
    widths: Sequence[int],
    style: ConvolutionStyle,
    level_dropout: Mapping[int, float],
) -> list[tf.Tensor]:
    """The map of each level after its pooling."""
    pooled = []
    x = image
    for level, width in enumerate(widths, start=1):
        x = two_convolutions(layers, style, width, f"level{level}")(x)
        x = max_pool(style.rank, name=f"pool{level}")(x)
        if level == len(widths):
            x = _classifier(layers, style, width)(x)
        rate = level_dropout.get(level, 0.0)
        x = dropout(layers, style, rate, name=f"level{level}_dropout")(x)
        pooled.append(x)
    return pooled


def _classifier(layers: LayerFactory, style: ConvolutionStyle, width: int) -> Apply:
    def apply(x: tf.Tensor) -> tf.Tensor:
        x = convolution(layers, style, width, 3, name="classifier_conv1")(x)
        return convolution(layers, style, width, 1, name="classifier_conv2")(x)

    return apply


def _sum(deeper: tf.Tensor, score: tf.Tensor, level: int) -> tf.Tensor:
    add = tf_keras.layers.Add(name=f"sum{level}")
    resized = resize(2, name=f"resize{level}")(deeper)
    return add([resized, score])
