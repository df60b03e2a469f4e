"""Pieces that the architectures share, for any number of spatial axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers import FLOAT32, LayerFactory, LinearUpsampling, NearestUpsampling
from tfuq.networks.layers.factory import Apply
from tfuq.networks.normalization import GroupNormalization

_POOL = {2: tf_keras.layers.MaxPool2D, 3: tf_keras.layers.MaxPool3D}
_AVERAGE = {2: tf_keras.layers.AveragePooling2D, 3: tf_keras.layers.AveragePooling3D}
_PRELU_START = 0.25  # slope of negative values (He et al. 2015)
_LEAKY_SLOPE = 0.01  # of negative values (Maas et al. 2013)
_MOST_GROUPS = 8  # of group normalization
_GROUP_PER_CHANNEL = -1  # groups of instance normalization, as tf_keras names them


@dataclass(frozen=True, kw_only=True)
class ConvolutionStyle:
    """How every convolution of a network is normalized, activated and followed by dropout.

    Attributes:
        rank: number of spatial axes, 2 or 3.
        activation: a name that tf_keras knows, ``prelu`` or ``leaky-relu``.
        normalization: ``none``, ``group``, ``instance`` or ``batch``.
        dropout_after_each: rate of the dropout after each convolution; 0 makes no layer.
        spatial_dropout: whether every dropout of the network drops whole channels.
        upsampling: ``nearest`` or ``transposed``, see `StepUp`.
    """

    rank: int
    activation: str = "relu"
    normalization: str = "none"
    dropout_after_each: float = 0.0
    spatial_dropout: bool = False
    upsampling: str = "nearest"

    @property
    def is_fused(self) -> bool:
        """Whether the activation is part of the convolution's layer."""
        return self.normalization == "none" and self.activation not in _ACTIVATION_LAYERS


def convolution(
    layers: LayerFactory,
    style: ConvolutionStyle,
    filters: int,
    size: int | Sequence[int],
    *,
    name: str,
    **options: Any,
) -> Apply:
    """Convolution → normalization → activation → dropout.

    What the style leaves out makes no layer. Arguments are those of `LayerFactory.conv`.
    """
    if style.is_fused:
        options = {"activation": style.activation, **options}

    def apply(x: tf.Tensor) -> tf.Tensor:
        x = normalized_convolution(layers, style, filters, size, name=name, **options)(x)
        if not style.is_fused:
            x = activation(style, rank=style.rank, name=name)(x)
        return dropout_after_each(layers, style, name=name)(x)

    return apply


def normalized_convolution(
    layers: LayerFactory,
    style: ConvolutionStyle,
    filters: int,
    size: int | Sequence[int],
    *,
    name: str,
    **options: Any,
) -> Apply:
    """Convolution → normalization. Arguments are those of `LayerFactory.conv`."""

    def apply(x: tf.Tensor) -> tf.Tensor:
        x = layers.conv(filters, size, rank=style.rank, name=name, **options)(x)
        if style.normalization == "none":
            return x
        return _normalization(style.normalization, filters, name=f"{name}_norm")(x)

    return apply


def _normalization(kind: str, filters: int, *, name: str) -> tf_keras.layers.Layer:
    """The layer of a normalization; means and variances need float32."""
    if kind == "batch":
        return tf_keras.layers.BatchNormalization(name=name, dtype=FLOAT32)
    groups = _GROUP_PER_CHANNEL
    if kind == "group":
        groups = math.gcd(_MOST_GROUPS, filters)
    return GroupNormalization(groups=groups, name=name, dtype=FLOAT32)


def activation(style: ConvolutionStyle, *, rank: int, name: str) -> tf_keras.layers.Layer:
    """The style's activation as a layer.

    Args:
        style: of the network's convolutions.
        rank: number of spatial axes of the input; PReLU has one slope for each channel.
        name: of the convolution or dense layer before it.
    """
    if style.activation in _ACTIVATION_LAYERS:
        return _ACTIVATION_LAYERS[style.activation](rank, name)
    return tf_keras.layers.Activation(style.activation, name=f"{name}_activation")


def _prelu(rank: int, name: str) -> tf_keras.layers.Layer:
    spatial_axes = list(range(1, rank + 1))
    return tf_keras.layers.PReLU(
        tf_keras.initializers.Constant(_PRELU_START),
        shared_axes=spatial_axes or None,
        name=f"{name}_prelu",
    )


def _leaky_relu(_rank: int, name: str) -> tf_keras.layers.Layer:
    return tf_keras.layers.LeakyReLU(_LEAKY_SLOPE, name=f"{name}_activation")


# Activations that have a layer of their own.
_ACTIVATION_LAYERS: dict[str, Callable[[int, str], tf_keras.layers.Layer]] = {
    "prelu": _prelu,
    "leaky-relu": _leaky_relu,
}


def dropout_after_each(layers: LayerFactory, style: ConvolutionStyle, *, name: str) -> Apply:
    """The dropout that follows the convolution ``name``."""
    return dropout(layers, style, style.dropout_after_each, name=f"{name}_dropout")


def dropout(layers: LayerFactory, style: ConvolutionStyle, rate: float, *, name: str) -> Apply:
    """Dropout of the style's kind; a rate of zero makes no layer."""
    if not rate:
        return lambda x: x
    return layers.dropout(rate, spatial=style.spatial_dropout, name=name)


def dense(layers: LayerFactory, style: ConvolutionStyle, units: int, *, name: str) -> Apply:
    """Dense layer → activation."""
    if style.activation not in _ACTIVATION_LAYERS:
        return layers.dense(units, activation=style.activation, name=name)

    def apply(x: tf.Tensor) -> tf.Tensor:
        activate = activation(style, rank=0, name=name)
        return activate(layers.dense(units, name=name)(x))

    return apply


def two_convolutions(layers: LayerFactory, style: ConvolutionStyle, width: int, name: str) -> Apply:
    """Two 3×3 convolutions (3×3×3 in 3D)."""

    def apply(x: tf.Tensor) -> tf.Tensor:
        x = convolution(layers, style, width, 3, name=f"{name}_conv1")(x)
        return convolution(layers, style, width, 3, name=f"{name}_conv2")(x)

    return apply


def residual_block(
    layers: LayerFactory,
    style: ConvolutionStyle,
    width: int,
    size: int | Sequence[int],
    *,
    strides: int | Sequence[int],
    shortcut: tf.Tensor,
    name: str,
) -> Apply:
    """Two convolutions, to which a tensor is added before the last activation.

    Args:
        layers: makes the layers.
        style: of the convolutions.
        width: filters of both convolutions.
        size: of their kernels.
        strides: of the first one.
        shortcut: what is added; it has the result's shape.
        name: begins the names of the layers.

    References:
        He et al. 2016, Deep residual learning for image recognition (CVPR).
    """

    def apply(x: tf.Tensor) -> tf.Tensor:
        x = convolution(layers, style, width, size, strides=strides, name=f"{name}_conv1")(x)
        x = normalized_convolution(layers, style, width, size, name=f"{name}_conv2")(x)
        x = tf_keras.layers.Add(name=f"{name}_add")([x, shortcut])
        x = activation(style, rank=style.rank, name=f"{name}_conv2")(x)
        return dropout_after_each(layers, style, name=f"{name}_conv2")(x)

    return apply


@dataclass(frozen=True, kw_only=True)
class StepUp:
    """From a decoder's level to the next finer one, where the encoder's features are joined.

    Attributes:
        layers: makes the layers.
        style: of the convolution.
        dropout: rate after the up-sampling.
    """

    layers: LayerFactory
    style: ConvolutionStyle
    dropout: float

    def __call__(self, x: tf.Tensor, skip: tf.Tensor, *, level: int, width: int) -> tf.Tensor:
        """Up-sample, halve the channels, and join.

        Args:
            x: features of the level below.
            skip: features of the encoder at this level.
            level: of the output, counted from 1; part of the names of the layers.
            width: filters of the convolution of size two.

        Returns:
            The features of both, the encoder's first.
        """
        name = f"decoder{level}"
        drop = dropout(self.layers, self.style, self.dropout, name=f"{name}_dropout")
        if self.style.upsampling == "transposed":
            rank = self.style.rank
            x = drop(self.layers.transposed(width, rank=rank, name=f"{name}_upsample")(x))
        else:
            x = drop(upsample(2, name=f"{name}_upsample")(x))
            x = convolution(self.layers, self.style, width, 2, name=f"{name}_up_conv")(x)
        return tf_keras.layers.Concatenate(name=f"{name}_concat")([skip, x])


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of a network: one more 3×3 convolution if it has filters, and the logits.

    Attributes:
        filters: of the convolution; None makes no convolution.
        activation: of the convolution.
    """

    filters: int | None = None
    activation: str = "linear"

    def __call__(self, layers: LayerFactory, style: ConvolutionStyle, outputs: int) -> Apply:
        """From features to ``outputs`` channels."""

        def apply(x: tf.Tensor) -> tf.Tensor:
            if self.filters:
                x = convolution(layers, self._plain(style), self.filters, 3, name="head_conv")(x)
            return layers.conv(outputs, 1, rank=style.rank, name="logits", dtype=FLOAT32)(x)

        return apply

    def _plain(self, style: ConvolutionStyle) -> ConvolutionStyle:
        """The style of the head's convolution."""
        return replace(
            style, activation=self.activation, normalization="none", dropout_after_each=0.0
        )


def coarse_logits(
    layers: LayerFactory, style: ConvolutionStyle, levels: Sequence[tf.Tensor], outputs: int
) -> list[tf.Tensor]:
    """What each level of a decoder predicts on its own grid, for deep supervision.

    The weights are point weights: they serve training alone.

    Args:
        layers: makes the layers of the network.
        style: of the convolutions.
        levels: features of each level, that below the finest first.
        outputs: channels.
    """
    point_layers = replace(layers, weights=None)
    results = []
    for level, features in enumerate(levels, start=2):
        name = f"logits{level}"
        layer = point_layers.conv(outputs, 1, rank=style.rank, name=name, dtype=FLOAT32)
        results.append(layer(features))
    return results


def average_pool(rank: int, strides: Sequence[int], *, name: str) -> tf_keras.layers.Layer:
    """The mean over boxes of ``strides`` elements."""
    return _AVERAGE[rank](strides, name=name)


def max_pool(rank: int, *, name: str) -> tf_keras.layers.Layer:
    """Max-pooling by two along every spatial axis."""
    return _POOL[rank](2, name=name)


def upsample(factor: int, *, name: str) -> tf_keras.layers.Layer:
    """Nearest-neighbour up-sampling by ``factor`` along every spatial axis."""
    return NearestUpsampling(factor, name=name)


def resize(factor: int, *, name: str) -> tf_keras.layers.Layer:
    """Linear up-sampling by ``factor`` along every spatial axis."""
    return LinearUpsampling(factor, name=name)
