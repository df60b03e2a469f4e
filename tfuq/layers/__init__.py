"""Layers whose randomness is a pure function of a seed tensor, and the factory that architectures build with.

Every stochastic layer takes the network's ``seed`` input and folds its own salt into it. Called without a seed it is
its own mean: dropout is the identity, a variational kernel is the posterior mean. What a network draws is therefore
decided by which of its layers were wired to the seed, and nowhere else.

The Keras ``training`` flag has one meaning here: with it each example of a batch has its own draw (its own dropout mask,
its own Flipout signs), without it one draw serves the whole batch, so that one seed is one function. What is drawn element by
element is then drawn by the element's place in the volume (see `tfuq.layers.places`), so that windows of one volume agree.
"""

from tfuq.layers.dropout import SeededDropout
from tfuq.layers.factory import SOURCES, LayerFactory
from tfuq.layers.latent import Broadcast, LatentCode, PixelMoments, gaussian_kl, mean_and_width
from tfuq.layers.places import bits_at, normal_at
from tfuq.layers.seeds import fold_in, layer_salt, standard_normal
from tfuq.layers.upsampling import LinearUpsampling
from tfuq.layers.variational import (
    WIDTH_VARIABLE,
    GaussianPosterior,
    SeededConvolution,
    SeededVariational,
    VariationalConv2D,
    VariationalConv3D,
    VariationalDense,
    is_width,
    untransformed,
)
from tfuq.layers.widths import layer_widths, median_width

__all__ = [
    "SOURCES",
    "WIDTH_VARIABLE",
    "Broadcast",
    "GaussianPosterior",
    "LatentCode",
    "LayerFactory",
    "LinearUpsampling",
    "PixelMoments",
    "SeededConvolution",
    "SeededDropout",
    "SeededVariational",
    "VariationalConv2D",
    "VariationalConv3D",
    "VariationalDense",
    "bits_at",
    "fold_in",
    "gaussian_kl",
    "is_width",
    "layer_salt",
    "layer_widths",
    "mean_and_width",
    "median_width",
    "normal_at",
    "standard_normal",
    "untransformed",
]
