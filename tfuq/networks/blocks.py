"""Pieces that the architectures share; each is rank-generic."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import tf_keras

from tfuq.layers import LayerFactory, LinearUpsampling

_POOL = {2: tf_keras.layers.MaxPool2D, 3: tf_keras.layers.MaxPool3D}
_UPSAMPLE = {2: tf_keras.layers.UpSampling2D, 3: tf_keras.layers.UpSampling3D}
_PRELU_START = 0.25  # slope of negative values (He et al. 2015)


@dataclass(frozen=True)
class ConvolutionStyle:
    """How every convolution of a network is normalized, activated and followed by dropout."""

    rank: int
    activation: str = "relu"
    normalization: str = "none"
    dropout_after_each: float = 0.0
    spatial_dropout: bool = False

    @property
    def is_fused(self) -> bool:
        """Whether the activation is part of the convolution's layer."""
        return self.normalization == "none" and self.activation != "prelu"


def convolution(layers: LayerFactory, style: ConvolutionStyle, filters: int, size: int, *, name: str, **options) -> Callable:
    """Convolution → normalization → activation → dropout; what the style leaves out makes no layer.

    ``options`` as those of `LayerFactory.conv`.
    """
    own = {"activation": style.activation} if style.is_fused else {}

    def apply(x):
        x = normalized_convolution(layers, style, filters, size, name=name, **own, **options)(x)
        x = x if style.is_fused else activation(style, rank=style.rank, name=name)(x)
        return dropout_after_each(layers, style, name=name)(x)

    return apply


def normalized_convolution(layers: LayerFactory, style: ConvolutionStyle, filters: int, size: int, *, name: str, **options):
    """Convolution → normalization."""

    def apply(x):
        x = layers.conv(filters, size, rank=style.rank, name=name, **options)(x)
        if style.normalization == "none":
            return x
        groups = -1 if style.normalization == "instance" else math.gcd(8, filters)
        return tf_keras.layers.GroupNormalization(groups=groups, name=f"{name}_norm")(x)

    return apply


def activation(style: ConvolutionStyle, *, rank: int, name: str) -> tf_keras.layers.Layer:
    """The style's activation as a layer; PReLU has one slope a channel, whatever the ``rank`` of space."""
    if style.activation == "prelu":
        start = tf_keras.initializers.Constant(_PRELU_START)
        return tf_keras.layers.PReLU(start, shared_axes=list(range(1, rank + 1)) or None, name=f"{name}_prelu")
    return tf_keras.layers.Activation(style.activation, name=f"{name}_activation")


def dropout_after_each(layers: LayerFactory, style: ConvolutionStyle, *, name: str) -> Callable:
    """The dropout that follows a convolution."""
    return dropout(layers, style, style.dropout_after_each, name=f"{name}_dropout")


def dropout(layers: LayerFactory, style: ConvolutionStyle, rate: float, *, name: str) -> Callable:
    """Dropout of the style's kind; a rate of zero makes no layer."""
    return layers.dropout(rate, spatial=style.spatial_dropout, name=name) if rate else lambda x: x


def dense(layers: LayerFactory, style: ConvolutionStyle, units: int, *, name: str) -> Callable:
    """Dense layer → activation."""
    if style.activation == "prelu":
        return lambda x: activation(style, rank=0, name=name)(layers.dense(units, name=name)(x))
    return layers.dense(units, activation=style.activation, name=name)


def two_convolutions(layers: LayerFactory, style: ConvolutionStyle, width: int, name: str) -> Callable:
    """Two 3×3 convolutions (3×3×3 in 3D)."""

    def apply(x):
        x = convolution(layers, style, width, 3, name=f"{name}_conv1")(x)
        return convolution(layers, style, width, 3, name=f"{name}_conv2")(x)

    return apply


@dataclass(frozen=True)
class Head:
    """The end of a network: a further 3×3 convolution of so many filters, if any, and its activation."""

    filters: int | None = None
    activation: str = "linear"

    def __call__(self, layers: LayerFactory, style: ConvolutionStyle, outputs: int) -> Callable:
        """From features to ``outputs`` channels."""

        def apply(x):
            if self.filters:
                plain = replace(style, activation=self.activation, normalization="none", dropout_after_each=0.0)
                x = convolution(layers, plain, self.filters, 3, name="head_conv")(x)
            return layers.conv(outputs, 1, rank=style.rank, name="logits")(x)

        return apply


def max_pool(rank: int, *, name: str):
    """Max-pooling by two along every spatial axis."""
    return _POOL[rank](2, name=name)


def upsample(rank: int, *, name: str):
    """Nearest-neighbour up-sampling by two along every spatial axis."""
    return _UPSAMPLE[rank](2, name=name)


def resize(factor: int, *, name: str):
    """Linear up-sampling by ``factor`` along every spatial axis."""
    return LinearUpsampling(factor, name=name)
