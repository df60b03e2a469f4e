"""Layers whose randomness is a pure function of a seed tensor, and the factory of these layers.

Every random layer takes the network's ``seed`` input and derives its own seed from it. Called
without a seed, a layer returns its mean: dropout is the identity, and a variational kernel is the
posterior mean. So the layers that are connected to the seed decide what is random in a network,
and nothing else does.

The Keras ``training`` flag has one meaning here. With it, each example of a batch has random
numbers of its own (its own dropout mask, its own Flipout signs). Without it, one set serves the
whole batch, so that one seed is one function. Numbers for single elements then depend on the
element's coordinates in the volume (see `tfuq.networks.layers.places`), so that windows of one
volume agree.
"""

from tfuq.networks.layers.conditional_code import ConditionalCode, OneHot
from tfuq.networks.layers.dropout import SeededDropout
from tfuq.networks.layers.factory import FLOAT32, SOURCES, LayerFactory, layer_policy
from tfuq.networks.layers.latent import (
    Broadcast,
    LatentCode,
    PixelMoments,
    gaussian_kl,
    mean_and_width,
)
from tfuq.networks.layers.low_rank import (
    LogitGaussian,
    LowRankLogits,
    gaussian_channels,
    logit_gaussian,
)
from tfuq.networks.layers.nearest import NearestUpsampling
from tfuq.networks.layers.places import bits_at, normal_at
from tfuq.networks.layers.seeded_weights import (
    WIDTH_VARIABLE,
    SeededConvolution,
    SeededVariational,
    SeededWeights,
    is_width,
    untransformed,
)
from tfuq.networks.layers.seeds import fold_in, layer_salt, standard_normal, uniform
from tfuq.networks.layers.upsampling import LinearUpsampling, SubPixels
from tfuq.networks.layers.widths import layer_widths, median_width

__all__ = [
    "FLOAT32",
    "SOURCES",
    "WIDTH_VARIABLE",
    "Broadcast",
    "ConditionalCode",
    "LatentCode",
    "LayerFactory",
    "LinearUpsampling",
    "LogitGaussian",
    "LowRankLogits",
    "NearestUpsampling",
    "OneHot",
    "PixelMoments",
    "SeededConvolution",
    "SeededDropout",
    "SeededVariational",
    "SeededWeights",
    "SubPixels",
    "bits_at",
    "fold_in",
    "gaussian_channels",
    "gaussian_kl",
    "is_width",
    "layer_policy",
    "layer_salt",
    "layer_widths",
    "logit_gaussian",
    "mean_and_width",
    "median_width",
    "normal_at",
    "standard_normal",
    "uniform",
    "untransformed",
]
