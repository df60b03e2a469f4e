"""Networks, built from a configuration. An architecture receives the layers it is made of; it knows no method."""

from __future__ import annotations

import tf_keras

from tfuq.config import NetworkConfig
from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.unet import unet
from tfuq.registry import Registry

ARCHITECTURES: Registry = Registry("network.name")
ARCHITECTURES.register("unet")(unet)


def build_network(config: NetworkConfig, layers: LayerFactory, *, channels: int, classes: int) -> tf_keras.Model:
    """The configured network ``(image [N, *patch, channels], seed [2]) → logits`` (one logit where it is binary)."""
    style = ConvolutionStyle(
        rank=config.rank,
        activation=config.activation,
        normalization=config.normalization,
        dropout_after_each=config.dropout_after_each,
        spatial_dropout=config.spatial_dropout,
    )
    return ARCHITECTURES[config.name](
        layers,
        input_shape=(*config.patch_size, channels),
        outputs=1 if config.output == "sigmoid" else classes,
        widths=config.widths,
        style=style,
        level_dropout=config.level_dropout,
        head_filters=config.head_filters,
        head_activation=config.activation if config.head_activation == "same" else None,
    )


def count_layers(model: tf_keras.Model) -> int:
    """Number of layers as papers count them: with the image input, without the seed input."""
    return len(model.layers) - 1
