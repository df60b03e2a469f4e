"""Networks, built from a configuration.

An architecture receives the factory of its layers, so it knows no method.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import tensorflow as tf
import tf_keras

from tfuq.config import LatentConfig, NetworkConfig, ProbabilisticConfig
from tfuq.config.registry import Registry
from tfuq.networks.blocks import ConvolutionStyle, Head, coarse_logits
from tfuq.networks.fcn import fcn
from tfuq.networks.latent import latent
from tfuq.networks.layers import LayerFactory, gaussian_channels, layer_policy
from tfuq.networks.lenet import lenet
from tfuq.networks.probabilistic import CodeNetworks, with_code
from tfuq.networks.residual_unet import residual_unet
from tfuq.networks.resnet import resnet
from tfuq.networks.unet import unet
from tfuq.networks.vnet import vnet

ARCHITECTURES: Registry[Callable[..., tf.Tensor | list[tf.Tensor]]] = Registry("network.name")


@tf.autograph.experimental.do_not_convert
def build_network(
    config: NetworkConfig,
    layers: LayerFactory,
    *,
    channels: int,
    outputs: int,
    is_supervised: bool = False,
) -> tf_keras.Model:
    """The configured network.

    Args:
        config: the network's section of the configuration.
        layers: makes its layers.
        channels: of the image.
        outputs: channels of the output.
        is_supervised: whether the outputs on coarser grids are there too, which deep supervision
            trains. They have layers of their own, with point weights.

    Returns:
        ``(image [N, *patch, channels], seed [2]) → [N, *patch, outputs]``, or ``[N, outputs]``. A
        supervised network has a list of outputs, of which the first is this one.
    """
    image = _image(config, channels)
    coarse_outputs = 0
    if is_supervised:
        coarse_outputs = outputs
    logits = _applied(config, layers, image, outputs, coarse_outputs)
    return tf_keras.Model(
        [image, layers.seed],
        logits,
        name=config.name,
    )


def build_latent_network(
    config: NetworkConfig,
    settings: LatentConfig,
    layers: LayerFactory,
    *,
    kl_scale: float,
    channels: int,
    outputs: int,
    is_supervised: bool = False,
) -> tf_keras.Model:
    """The configured network as backbone of a latent code (see `tfuq.networks.latent`).

    The encoder, the code and the decoder are random, and the backbone if it is variational.

    Args:
        config: the network's section of the configuration.
        settings: the latent code's section.
        layers: makes the layers.
        kl_scale: factor on the code's KL divergence.
        channels: of the image.
        outputs: channels of the output.
        is_supervised: as of `build_network`.

    Returns:
        As `build_network`.
    """
    image = _image(config, channels)
    backbone_layers = layers
    if settings.backbone == "point":
        backbone_layers = replace(layers, weights=None)
    coarse_outputs = 0
    if is_supervised:
        coarse_outputs = outputs
    features, *coarse = _applied(
        config, backbone_layers, image, 2 * settings.features, coarse_outputs
    )
    logits = latent(
        layers, features, config=settings, kl_scale=kl_scale, outputs=outputs, style=_style(config)
    )
    return tf_keras.Model(
        [image, layers.seed],
        [logits, *coarse],
        name=f"latent_{config.name}",
    )


def build_probabilistic_network(
    config: NetworkConfig,
    layers: LayerFactory,
    *,
    settings: ProbabilisticConfig,
    kl_scale: float,
    channels: int,
    outputs: int,
    classes: int,
    has_posterior: bool = False,
    is_supervised: bool = False,
) -> tf_keras.Model:
    """The configured network as backbone of a code (see `tfuq.networks.probabilistic`).

    Args:
        config: the network's section of the configuration.
        layers: makes its layers.
        settings: the method's section.
        kl_scale: factor on the code's KL divergence.
        channels: of the image.
        outputs: channels of the output.
        classes: of the labels.
        has_posterior: whether the code is of the posterior, which sees the labels.
        is_supervised: as of `build_network`.

    Returns:
        As `build_network`; with a posterior, labels ``[N, *patch]`` int32 are the third input.
    """
    image = _image(config, channels)
    inputs = [image, layers.seed]
    labels = None
    if has_posterior:
        labels = tf_keras.Input(config.patch_size, dtype=tf.int32, name="labels")
        inputs.append(labels)
    coarse_outputs = 0
    if is_supervised:
        coarse_outputs = outputs
    features, *coarse = _applied(config, layers, image, settings.features, coarse_outputs)
    networks = CodeNetworks(
        config=settings,
        widths=settings.encoder_widths or config.widths,
        style=_style(config),
        kl_scale=kl_scale,
    )
    code = networks.code(layers, image, labels, classes=classes)
    logits = with_code(
        layers,
        features,
        code,
        widths=settings.decoder_widths,
        style=_style(config),
        outputs=outputs,
    )
    return tf_keras.Model(inputs, [logits, *coarse], name=f"probabilistic_{config.name}")


def build_stochastic_network(
    config: NetworkConfig,
    layers: LayerFactory,
    *,
    rank: int,
    channels: int,
    outputs: int,
    is_supervised: bool = False,
) -> tf_keras.Model:
    """The configured network, whose logits are drawn (see `tfuq.networks.layers.LowRankLogits`).

    Args:
        config: the network's section of the configuration.
        layers: makes its layers.
        rank: of the logits' covariance.
        channels: of the image.
        outputs: channels of the output.
        is_supervised: as of `build_network`. Outputs on coarser grids have Gaussians of their own.

    Returns:
        As `build_network`. In training the outputs are those that `logit_gaussian` reads.
    """
    image = _image(config, channels)
    wanted = gaussian_channels(outputs, rank)
    coarse_outputs = 0
    if is_supervised:
        coarse_outputs = wanted
    gaussian, *coarse = _applied(config, layers, image, wanted, coarse_outputs)
    logits = layers.low_rank_logits(rank, name="drawn_logits")(gaussian)
    return tf_keras.Model([image, layers.seed], [logits, *coarse], name=f"stochastic_{config.name}")


def _image(config: NetworkConfig, channels: int) -> tf.Tensor:
    return tf_keras.Input((*config.patch_size, channels), name="image")


def _applied(
    config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    outputs: int,
    coarse_outputs: int,
) -> list[tf.Tensor]:
    """The architecture's outputs; with coarse ones, those on coarser grids follow the first."""
    architecture = ARCHITECTURES[config.name]
    options = {}
    if coarse_outputs:
        options["coarse_outputs"] = coarse_outputs
    with layer_policy(layers.policy):
        result = architecture(
            config,
            layers,
            image,
            outputs=outputs,
            widths=config.widths,
            style=_style(config),
            level_dropout=config.level_dropout,
            **options,
        )
    results: list[tf.Tensor] = tf.nest.flatten(result)
    return results


def _style(config: NetworkConfig) -> ConvolutionStyle:
    return ConvolutionStyle(
        rank=config.rank,
        activation=config.activation,
        normalization=config.normalization,
        dropout_after_each=config.dropout_after_each,
        spatial_dropout=config.spatial_dropout,
        upsampling=config.upsampling,
    )


def _head(config: NetworkConfig) -> Head:
    activation = "linear"
    if config.head_activation == "same":
        activation = config.activation
    return Head(filters=config.head_filters, activation=activation)


@ARCHITECTURES.register("unet")
def _unet(
    config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    **options: Any,
) -> tf.Tensor:
    return unet(
        layers, image, upsample_dropout=config.upsample_dropout, head=_head(config), **options
    )


@ARCHITECTURES.register("vnet")
def _vnet(
    config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    **options: Any,
) -> tf.Tensor:
    return vnet(
        layers,
        image,
        kernel_size=cast(int, config.kernel_size),  # the configuration gives a V-Net one
        upsample_dropout=config.upsample_dropout,
        head=_head(config),
        **options,
    )


@ARCHITECTURES.register("fcn")
def _fcn(
    _config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    **options: Any,
) -> tf.Tensor:
    return fcn(layers, image, **options)


@ARCHITECTURES.register("lenet")
def _lenet(
    config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    **options: Any,
) -> tf.Tensor:
    return lenet(layers, image, dense_widths=config.dense_widths, **options)


@ARCHITECTURES.register("resnet")
def _resnet(
    config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    **options: Any,
) -> tf.Tensor:
    return resnet(layers, image, blocks=config.blocks_of_levels, **options)


@ARCHITECTURES.register("residual-unet")
def _residual_unet(
    config: NetworkConfig,
    layers: LayerFactory,
    image: tf.Tensor,
    *,
    outputs: int,
    style: ConvolutionStyle,
    coarse_outputs: int = 0,
    **options: Any,
) -> list[tf.Tensor]:
    finest, *coarser = residual_unet(
        layers,
        image,
        blocks=config.blocks_of_levels,
        kernels=config.kernels_of_levels,
        strides=config.strides_of_levels,
        style=style,
        upsample_dropout=config.upsample_dropout,
        **options,
    )
    results = [_head(config)(layers, style, outputs)(finest)]
    if coarse_outputs:
        results += coarse_logits(layers, style, coarser, coarse_outputs)
    return results


def count_layers(model: tf_keras.Model) -> int:
    """Number of layers as papers count them: with the image input, without the seed input."""
    return len(model.layers) - 1
