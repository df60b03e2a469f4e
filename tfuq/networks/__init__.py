"""Networks, built from a configuration. An architecture receives the layers it is made of; it knows no method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import tf_keras

from tfuq.config import LatentConfig, NetworkConfig
from tfuq.layers import LayerFactory
from tfuq.networks.blocks import ConvolutionStyle, Head
from tfuq.networks.fcn import fcn
from tfuq.networks.latent import latent
from tfuq.networks.lenet import lenet
from tfuq.networks.unet import unet
from tfuq.networks.vnet import vnet
from tfuq.registry import Registry

ARCHITECTURES: Registry[Callable[..., tf_keras.KerasTensor]] = Registry("network.name")


def build_network(config: NetworkConfig, layers: LayerFactory, *, channels: int, outputs: int) -> tf_keras.Model:
    """The configured network ``(image [N, *patch, channels], seed [2]) → [N, *patch, outputs]``, or ``[N, outputs]``."""
    image = _image(config, channels)
    return tf_keras.Model([image, layers.seed], _applied(config, layers, image, outputs), name=config.name)


def build_latent_network(
    config: NetworkConfig, settings: LatentConfig, layers: LayerFactory, *, kl_scale: float, channels: int, outputs: int
) -> tf_keras.Model:
    """As `build_network`, with a latent code over the configured network as backbone (see `tfuq.networks.latent`).

    The backbone has point weights: what is drawn lies in the encoder, the code and the decoder.
    """
    image = _image(config, channels)
    features = _applied(config, replace(layers, weights=None), image, 2 * settings.features)
    logits = latent(layers, features, config=settings, kl_scale=kl_scale, outputs=outputs, style=_style(config))
    return tf_keras.Model([image, layers.seed], logits, name=f"latent_{config.name}")


def _image(config: NetworkConfig, channels: int) -> tf_keras.KerasTensor:
    return tf_keras.Input((*config.patch_size, channels), name="image")


def _applied(config: NetworkConfig, layers: LayerFactory, image, outputs: int):
    common = {"outputs": outputs, "widths": config.widths, "style": _style(config), "level_dropout": config.level_dropout}
    return ARCHITECTURES[config.name](config, layers, image, **common)


def _style(config: NetworkConfig) -> ConvolutionStyle:
    return ConvolutionStyle(
        rank=config.rank,
        activation=config.activation,
        normalization=config.normalization,
        dropout_after_each=config.dropout_after_each,
        spatial_dropout=config.spatial_dropout,
    )


def _head(config: NetworkConfig) -> Head:
    return Head(config.head_filters, config.activation if config.head_activation == "same" else "linear")


@ARCHITECTURES.register("unet")
def _unet(config: NetworkConfig, layers: LayerFactory, image, **common):
    return unet(layers, image, upsample_dropout=config.upsample_dropout, head=_head(config), **common)


@ARCHITECTURES.register("vnet")
def _vnet(config: NetworkConfig, layers: LayerFactory, image, **common):
    own = {"kernel_size": config.kernel_size, "upsample_dropout": config.upsample_dropout, "head": _head(config)}
    return vnet(layers, image, **own, **common)


@ARCHITECTURES.register("fcn")
def _fcn(_config: NetworkConfig, layers: LayerFactory, image, **common):
    return fcn(layers, image, **common)


@ARCHITECTURES.register("lenet")
def _lenet(config: NetworkConfig, layers: LayerFactory, image, **common):
    return lenet(layers, image, dense_widths=config.dense_widths, **common)


def count_layers(model: tf_keras.Model) -> int:
    """Number of layers as papers count them: with the image input, without the seed input."""
    return len(model.layers) - 1
