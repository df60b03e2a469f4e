"""Convolutions and dense layers whose weights are Gaussian, with a covariance of low rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers.seeded_weights import SeededWeights
from tfuq.networks.layers.seeds import fold_in, layer_salt, standard_normal

# Of the variables that a layer has beside those of its ordinary counterpart.
SCALE = "_scale"
DEVIATIONS = "_deviations"
_COMMON_SALT = layer_salt("swag deviations")
_KERNEL_SALT = 1
_BIAS_SALT = 2

# The layer of Keras that the mixins below are mixed into; it has no types.
_PlainLayer: Any = object


class SwagWeights(SeededWeights, _PlainLayer):
    """Mixin for a layer of Keras: kernel and bias are Gaussian, and a function of a seed.

    A weight is ``mean + scale · z + Σ_k deviations_k · u_k``, with standard normal numbers z of its
    own and u of the whole network, so that weights of all layers vary together. Mean, scale and
    deviations are variables: ``kernel``, ``kernel_scale``, ``kernel_deviations [K, …]``, and those
    of the bias.

    Call arguments:
        inputs: ``[N, *S, C]``.
        seed: the network's seed, int32 ``[2]``; None for the mean.
        width: the kernel's scale, if the caller has it already.

    References:
        Maddox et al. 2019, A simple baseline for Bayesian uncertainty in deep learning, eq. 1.
    """

    def __init__(self, *args: Any, deviations: int, **kwargs: Any) -> None:
        """Make the layer.

        Args:
            *args: arguments of the layer of Keras.
            deviations: K.
            **kwargs: arguments of the layer of Keras.
        """
        super().__init__(*args, **kwargs)
        self._columns = deviations

    def build(self, input_shape: tf.TensorShape) -> None:
        super().build(input_shape)
        self.kernel_scale, self.kernel_deviations = self._spread("kernel", self.kernel.shape)
        self.bias_scale, self.bias_deviations = self._spread("bias", self.bias.shape)

    def _spread(self, name: str, shape: tf.TensorShape) -> tuple[tf.Variable, tf.Variable]:
        options = {"initializer": "zeros", "trainable": False}
        scale = self.add_weight(f"{name}{SCALE}", shape, **options)
        columns = [self._columns, *shape]
        return scale, self.add_weight(f"{name}{DEVIATIONS}", columns, **options)

    def call(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor | None = None,
        width: tf.Tensor | None = None,
    ) -> tf.Tensor:
        kernel, bias = self.means
        if seed is not None:
            kernel, bias = self.weights_at(seed, width)
        return self.activation(tf.nn.bias_add(self._apply_kernel(inputs, kernel), bias))

    @property
    def width(self) -> tf.Tensor:
        """Standard deviations of the kernel's own part, of the kernel's shape."""
        return tf.convert_to_tensor(self.kernel_scale)

    @property
    def means(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The means of kernel and bias."""
        return self.kernel, self.bias

    def weights_at(self, seed: tf.Tensor, width: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        """The kernel and the bias that belong to the network's ``seed``."""
        if width is None:
            width = self.width
        common = standard_normal([self._columns], fold_in(seed, _COMMON_SALT))
        own = fold_in(seed, layer_salt(self.name))
        kernel = width * standard_normal(self.kernel.shape, fold_in(own, _KERNEL_SALT))
        kernel += tf.tensordot(common, self.kernel_deviations, 1)
        bias = self.bias_scale * standard_normal(self.bias.shape, fold_in(own, _BIAS_SALT))
        bias += tf.tensordot(common, self.bias_deviations, 1)
        return self.kernel + kernel, self.bias + bias


class _SwagConvolution(SwagWeights):
    """Mixin for a convolution of Keras."""

    def _apply_kernel(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return self.convolution_op(inputs, kernel)


class SwagConv2D(_SwagConvolution, tf_keras.layers.Conv2D):
    """2D convolution with Gaussian weights."""


class SwagConv3D(_SwagConvolution, tf_keras.layers.Conv3D):
    """3D convolution with Gaussian weights."""


class SwagDense(SwagWeights, tf_keras.layers.Dense):
    """Dense layer with Gaussian weights."""

    def _apply_kernel(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.matmul(inputs, kernel)


_CONVOLUTION = {2: SwagConv2D, 3: SwagConv3D}


@dataclass(frozen=True, kw_only=True)
class SwagPosterior:
    """Makes layers with Gaussian weights, see `SwagWeights`.

    Attributes:
        deviations: columns of the low-rank part of the covariance.
    """

    deviations: int

    def conv(
        self, filters: int, size: int | Sequence[int], *, rank: int, **options: Any
    ) -> SwagWeights:
        """A convolution, with the arguments of `tfuq.networks.layers.LayerFactory.conv`."""
        layer: SwagWeights = _CONVOLUTION[rank](
            filters, size, deviations=self.deviations, **options
        )
        return layer

    def dense(self, units: int, **options: Any) -> SwagWeights:
        """A dense layer, with the arguments of `tfuq.networks.layers.LayerFactory.dense`."""
        return SwagDense(units, deviations=self.deviations, **options)
