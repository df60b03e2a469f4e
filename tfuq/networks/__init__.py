"""Networks, built from a configuration. An architecture receives the layers it is made of; it knows no method."""

from __future__ import annotations

from collections.abc import Callable

import tf_keras

from tfuq.config import NetworkConfig
from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.lenet import lenet
from tfuq.networks.unet import unet
from tfuq.registry import Registry

ARCHITECTURES: Registry[Callable[..., tf_keras.Model]] = Registry("network.name")


def build_network(config: NetworkConfig, layers: LayerFactory, *, channels: int, outputs: int) -> tf_keras.Model:
    """The configured network ``(image [N, *patch, channels], seed [2]) → [N, *patch, outputs]``, or ``[N, outputs]``."""
    style = ConvolutionStyle(
        rank=config.rank,
        activation=config.activation,
        normalization=config.normalization,
        dropout_after_each=config.dropout_after_each,
        spatial_dropout=config.spatial_dropout,
    )
    shape = (*config.patch_size, channels)
    return ARCHITECTURES[config.name](config, layers, input_shape=shape, outputs=outputs, widths=config.widths, style=style)


@ARCHITECTURES.register("unet")
def _unet(config: NetworkConfig, layers: LayerFactory, **common) -> tf_keras.Model:
    return unet(
        layers,
        level_dropout=config.level_dropout,
        upsample_dropout=config.upsample_dropout,
        head_filters=config.head_filters,
        head_activation=config.activation if config.head_activation == "same" else None,
        **common,
    )


@ARCHITECTURES.register("lenet")
def _lenet(config: NetworkConfig, layers: LayerFactory, **common) -> tf_keras.Model:
    return lenet(layers, dense_widths=config.dense_widths, level_dropout=config.level_dropout, **common)


def count_layers(model: tf_keras.Model) -> int:
    """Number of layers as papers count them: with the image input, without the seed input."""
    return len(model.layers) - 1
