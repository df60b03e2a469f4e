"""The factory that makes the layers of an architecture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
import tf_keras

from tfuq.networks.layers.conditional_code import ConditionalCode
from tfuq.networks.layers.dropout import SeededDropout
from tfuq.networks.layers.latent import LatentCode
from tfuq.networks.layers.low_rank import LowRankLogits
from tfuq.networks.layers.seeds import SEED_SHAPE

if TYPE_CHECKING:  # it imports TensorFlow Probability, which takes half a second
    from tfuq.networks.layers.swag import SwagPosterior
    from tfuq.networks.layers.variational import GaussianPosterior

# A layer, or several in sequence, as a function of the input. While a network is built, its tensors
# are Keras's stand-ins for tensors.
Apply = Callable[[tf.Tensor], tf.Tensor]

FLOAT32 = "float32"
SOURCES = ("dropout", "weights", "code", "logits")  # of randomness
_TRANSPOSED = {2: tf_keras.layers.Conv2DTranspose, 3: tf_keras.layers.Conv3DTranspose}
_CONVOLUTION = {2: tf_keras.layers.Conv2D, 3: tf_keras.layers.Conv3D}
_POOL = {2: tf_keras.layers.MaxPooling2D, 3: tf_keras.layers.MaxPooling3D}


@contextmanager
def layer_policy(policy: str) -> Iterator[None]:
    """Make layers compute as a policy of `tf_keras.mixed_precision` says.

    Args:
        policy: its name, such as ``mixed_bfloat16``. Variables are float32 by every one.
    """
    before = tf_keras.mixed_precision.global_policy()
    tf_keras.mixed_precision.set_global_policy(policy)
    try:
        yield
    finally:
        tf_keras.mixed_precision.set_global_policy(before)


def _is_one(sizes: int | Sequence[int]) -> bool:
    return bool(np.max(sizes) == 1)


def _seed_input() -> tf.Tensor:
    return tf_keras.Input(batch_shape=SEED_SHAPE, dtype=tf.int32, name="seed")


@dataclass(kw_only=True)
class LayerFactory:
    """Makes the layers of one network, and connects the random ones to its ``seed`` input.

    Attributes:
        weights: the posterior of layers with random weights; None makes ordinary layers.
        sources: those of `SOURCES` that are connected to the seed. The others stay at their means.
            The layers and variables of the network are the same whatever is connected.
        policy: how layers with point weights, and layers without weights between them, compute, see
            `layer_policy`. Outputs, normalization and variational layers are float32.
        seed: the network's input of the seed, int32 ``[2]``.
    """

    weights: GaussianPosterior | SwagPosterior | None = None
    sources: Collection[str] = SOURCES
    policy: str = FLOAT32
    seed: tf.Tensor = field(default_factory=_seed_input)

    def conv(
        self,
        filters: int,
        size: int | Sequence[int],
        *,
        rank: int,
        name: str,
        **options: Any,
    ) -> Apply:
        """A convolution, padded to the size of its input.

        One of size one with strides reads no more than every second element, or third. These are
        taken first: oneDNN's gradient of such a kernel is wrong, or writes beyond its memory, where
        the input has fewer channels than a register of the processor has numbers, 8 or 16.

        Args:
            filters: channels of the output.
            size: of the kernel along every axis, or along each, in elements.
            rank: number of spatial axes, 2 or 3.
            name: of the layer.
            **options: arguments of a tf_keras convolution (``activation``, ``strides``,
                ``padding``, ``dtype``).

        References:
            uxlfoundation/oneDNN, issue 6035.
        """
        strides = options.get("strides", 1)
        if _is_one(size) and not _is_one(strides):
            convolve = self.conv(filters, size, rank=rank, name=name, **{**options, "strides": 1})
            every = _POOL[rank](1, strides, padding="same", name=f"{name}_every")
            return lambda x: convolve(every(x))
        options = {"padding": "same", "name": name, **options}
        if self.weights is None:
            plain: Apply = _CONVOLUTION[rank](
                filters, size, kernel_initializer="he_normal", **options
            )
            return plain
        layer = self.weights.conv(filters, size, rank=rank, **options)
        return self._connected("weights", layer)

    def transposed(self, filters: int, *, rank: int, name: str) -> Apply:
        """A transposed convolution of size two, which doubles the size along every axis.

        Args:
            filters: channels of the output.
            rank: number of spatial axes, 2 or 3.
            name: of the layer.

        Raises:
            ValueError: the factory makes variational layers.
        """
        if self.weights is not None:
            raise ValueError(f"{name}: there is no transposed convolution with variational weights")
        layer: Apply = _TRANSPOSED[rank](
            filters, 2, strides=2, padding="same", kernel_initializer="he_normal", name=name
        )
        return layer

    def dense(self, units: int, *, name: str, **options: Any) -> Apply:
        """A dense layer.

        Args:
            units: channels of the output.
            name: of the layer.
            **options: arguments of a tf_keras dense layer (``activation``, ``dtype``).
        """
        options = {"name": name, **options}
        if self.weights is None:
            plain: Apply = tf_keras.layers.Dense(units, kernel_initializer="he_normal", **options)
            return plain
        layer = self.weights.dense(units, **options)
        return self._connected("weights", layer)

    def dropout(self, rate: float, *, name: str, spatial: bool = False) -> Apply:
        """A dropout layer, which is on in training and in prediction if it is connected.

        Args:
            rate: probability that an element is dropped, from 0 to below 1.
            name: of the layer.
            spatial: whether whole channels are dropped instead of single elements.
        """
        layer = SeededDropout(rate, spatial=spatial, name=name)
        return self._connected("dropout", layer)

    def code(self, *, kl_scale: float, initial_scale: float, name: str) -> Apply:
        """A latent code from the mean and width that its input holds; see `LatentCode`."""
        layer = LatentCode(kl_scale=kl_scale, initial_scale=initial_scale, name=name)
        return self._connected("code", layer)

    def conditional_code(self, *, kl_scale: float, name: str) -> Callable[..., tf.Tensor]:
        """A code from the moments of a prior, or of a posterior; see `ConditionalCode`."""
        return self._connected("code", ConditionalCode(kl_scale=kl_scale, name=name))

    def low_rank_logits(self, rank: int, *, name: str) -> Apply:
        """A sample of a Gaussian of logits; see `LowRankLogits`."""
        return self._connected("logits", LowRankLogits(rank, name=name, dtype=FLOAT32))

    def _connected(self, source: str, layer: tf_keras.layers.Layer) -> Callable[..., tf.Tensor]:
        if source not in self.sources:
            without_seed: Callable[..., tf.Tensor] = layer
            return without_seed
        return lambda inputs, **options: layer(inputs, seed=self.seed, **options)
