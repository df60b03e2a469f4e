"""Pieces that the architectures share; each is rank-generic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tf_keras

from tfuq.layers import LayerFactory

_POOL = {2: tf_keras.layers.MaxPool2D, 3: tf_keras.layers.MaxPool3D}
_UPSAMPLE = {2: tf_keras.layers.UpSampling2D, 3: tf_keras.layers.UpSampling3D}


@dataclass(frozen=True)
class ConvolutionStyle:
    """How every convolution of a network is normalized, activated and followed by dropout."""

    rank: int
    activation: str = "relu"
    normalization: str = "none"
    dropout_after_each: float = 0.0
    spatial_dropout: bool = False


def convolution(layers: LayerFactory, style: ConvolutionStyle, filters: int, size: int, *, name: str, padding: str = "same"):
    """Convolution → normalization → activation → dropout; what the style leaves out makes no layer."""

    def apply(x):
        normalized = style.normalization != "none"
        activation = None if normalized else style.activation
        x = layers.conv(filters, size, rank=style.rank, activation=activation, padding=padding, name=name)(x)
        if normalized:
            groups = -1 if style.normalization == "instance" else math.gcd(8, filters)
            x = tf_keras.layers.GroupNormalization(groups=groups, name=f"{name}_norm")(x)
            x = tf_keras.layers.Activation(style.activation, name=f"{name}_activation")(x)
        if style.dropout_after_each > 0:
            x = layers.dropout(style.dropout_after_each, spatial=style.spatial_dropout, name=f"{name}_dropout")(x)
        return x

    return apply


def max_pool(rank: int, *, name: str):
    """Max-pooling by two along every spatial axis."""
    return _POOL[rank](2, name=name)


def upsample(rank: int, *, name: str):
    """Nearest-neighbour up-sampling by two along every spatial axis."""
    return _UPSAMPLE[rank](2, name=name)
