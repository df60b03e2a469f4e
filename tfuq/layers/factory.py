"""What an architecture builds with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import tensorflow as tf
import tf_keras

from tfuq.layers.dropout import SeededDropout
from tfuq.layers.latent import LatentCode
from tfuq.layers.seeds import SEED_SHAPE
from tfuq.layers.variational import GaussianPosterior, VariationalConv2D, VariationalConv3D, VariationalDense

SOURCES = ("dropout", "weights", "code")  # of randomness
_CONVOLUTION = {2: tf_keras.layers.Conv2D, 3: tf_keras.layers.Conv3D}
_VARIATIONAL_CONVOLUTION = {2: VariationalConv2D, 3: VariationalConv3D}


def _seed_input() -> tf_keras.KerasTensor:
    return tf_keras.Input(batch_shape=SEED_SHAPE, dtype=tf.int32, name="seed")


@dataclass
class LayerFactory:
    """Makes the layers of one network, wiring the stochastic ones to its ``seed`` input.

    ``weights`` None gives ordinary layers, a `GaussianPosterior` variational ones. Of the `SOURCES` of randomness, those in
    ``draws`` are wired; without the others it is the same network (same layers, same variables) at their means.
    """

    weights: GaussianPosterior | None = None
    draws: Collection[str] = SOURCES
    seed: tf_keras.KerasTensor = field(default_factory=_seed_input)

    def conv(self, filters: int, size: int, *, rank: int, name: str, **options) -> Callable:
        """A same-padded convolution; ``options`` as tf_keras (``activation``, ``strides``, ``padding``)."""
        options = {"padding": "same", "name": name, **options}
        if self.weights is None:
            return _CONVOLUTION[rank](filters, size, kernel_initializer="he_normal", **options)
        return self._wired("weights", _VARIATIONAL_CONVOLUTION[rank](filters, size, **self.weights.arguments(), **options))

    def dense(self, units: int, *, name: str, activation=None) -> Callable:
        """A dense layer."""
        if self.weights is None:
            return tf_keras.layers.Dense(units, activation=activation, kernel_initializer="he_normal", name=name)
        return self._wired("weights", VariationalDense(units, activation=activation, name=name, **self.weights.arguments()))

    def dropout(self, rate: float, *, name: str, spatial: bool = False) -> Callable:
        """A dropout layer that is on whenever it is drawn, in training and in prediction."""
        return self._wired("dropout", SeededDropout(rate, spatial=spatial, name=name))

    def code(self, *, kl_scale: float, initial_scale: float, name: str) -> Callable:
        """A latent code drawn from the mean and width that its input holds."""
        return self._wired("code", LatentCode(kl_scale=kl_scale, initial_scale=initial_scale, name=name))

    def _wired(self, source: str, layer) -> Callable:
        return (lambda inputs: layer(inputs, seed=self.seed)) if source in self.draws else layer
