"""Layers whose weights are a function of a seed: what does not need TensorFlow Probability.

TensorFlow Probability takes half a second to import, and networks with point weights do without it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import tensorflow as tf

from tfuq.networks.layers.seeds import fold_in, layer_salt, random_signs, standard_normal

# TFP's name of the variable of which softplus is a kernel's standard deviations.
WIDTH_VARIABLE = "untransformed_scale"

# The layer of TFP that the mixins below are mixed into; TFP has no types.
_VariationalLayer: Any = object

_SIGN_IN_SALT = 1
_SIGN_OUT_SALT = 2


def untransformed(width: float) -> float:
    """The number of which softplus is ``width``."""
    return width + math.log(-math.expm1(-width))


def is_width(variable: tf.Variable) -> bool:
    """Whether a variable holds the widths of a kernel's or a code's posterior, before softplus."""
    name: str = variable.name
    return name.removesuffix(":0").endswith(WIDTH_VARIABLE)


class SeededWeights(ABC):
    """Mixin for a layer whose weights are a function of the network's seed."""

    @property
    @abstractmethod
    def width(self) -> tf.Tensor:
        """Standard deviations of the kernel's own numbers, of the kernel's shape.

        A caller that takes many samples computes them once and passes them to `weights_at`.
        """

    @property
    @abstractmethod
    def means(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The means of kernel and bias."""

    @abstractmethod
    def weights_at(self, seed: tf.Tensor, width: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        """The kernel and the bias that belong to the network's ``seed``.

        Args:
            seed: int32 ``[2]``.
            width: if the caller has computed it already.
        """


class SeededVariational(SeededWeights, _VariationalLayer):
    """Mixin for a TFP variational layer: its kernel is a function of a seed.

    The KL term is added in training only. Outside training, one kernel serves the batch with every
    estimator, so that a sample costs one convolution instead of Flipout's two.

    Call arguments:
        inputs: ``[N, *S, C]``.
        seed: the network's seed, int32 ``[2]``; None for the posterior mean.
        width: the kernel's posterior widths, if the caller has computed them already.
        training: whether this is a training step.
    """

    def __init__(self, *args: Any, estimator: str = "flipout", **kwargs: Any) -> None:
        """Make the layer.

        Args:
            *args: arguments of the TFP layer.
            estimator: random numbers of a training step: ``flipout`` gives each example its own
                signs, ``reparameterization`` uses one kernel for the batch.
            **kwargs: arguments of the TFP layer.

        References:
            Wen et al. 2018, Flipout.
            Blundell et al. 2015, Weight uncertainty in neural networks (reparameterization).
        """
        super().__init__(*args, **kwargs)
        self.estimator = estimator

    def call(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor | None = None,
        width: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        self._seed = seed
        self._width = width
        self._training = bool(training)
        return super().call(inputs)

    @property
    def width(self) -> tf.Tensor:
        """Standard deviations of the kernel's posterior, of the kernel's shape.

        A caller that takes many samples computes them once and passes them to `call`.
        """
        return tf.convert_to_tensor(self.kernel_posterior.distribution.scale)

    def weights_at(self, seed: tf.Tensor, width: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        """The kernel that belongs to the network's ``seed``, and the bias."""
        return self._mean + self._noise(seed, width), self.bias_posterior.distribution.loc

    @property
    def means(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The kernel's mean, and the bias."""
        return self._mean, self.bias_posterior.distribution.loc

    @property
    def _mean(self) -> tf.Tensor:
        return self.kernel_posterior.distribution.loc

    def _noise(self, seed: tf.Tensor, width: tf.Tensor | None) -> tf.Tensor:
        """What the seed adds to the kernel's mean."""
        layer_seed = fold_in(seed, layer_salt(self.name))
        normal = standard_normal(self._mean.shape, layer_seed)
        if width is None:
            width = self.width
        return width * normal

    def _apply_variational_kernel(self, inputs: tf.Tensor) -> tf.Tensor:
        self.kernel_posterior_tensor = None
        if self._seed is None:
            return self._apply_kernel(inputs, self._mean)
        noise = self._noise(self._seed, self._width)
        if self._training and self.estimator == "flipout":
            return self._apply_kernel(inputs, self._mean) + self._flipped(inputs, noise)
        return self._apply_kernel(inputs, self._mean + noise)

    def _flipped(self, inputs: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """The noise's part of the output, with signs of their own for each example."""
        batch = tf.shape(inputs)[0]
        layer_seed = fold_in(self._seed, layer_salt(self.name))
        channels_in = noise.shape[-2]
        channels_out = noise.shape[-1]

        def signs(channels: int, salt: int) -> tf.Tensor:
            single_pixel = (1,) * (len(inputs.shape) - 2)
            shape = tf.stack([batch, *single_pixel, channels])
            seed = fold_in(layer_seed, salt)
            return random_signs(shape, seed)

        sign_in = signs(channels_in, _SIGN_IN_SALT)
        sign_out = signs(channels_out, _SIGN_OUT_SALT)
        return self._apply_kernel(inputs * sign_in, noise) * sign_out

    def _apply_divergence(self, *args: Any, **kwargs: Any) -> None:
        # Nothing reads the losses of a sampling loop, and its graph cannot hand them out.
        if self._training:
            super()._apply_divergence(*args, **kwargs)


class SeededConvolution(SeededVariational):
    """Mixin for a TFP variational convolution."""

    def _apply_kernel(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return self._convolution_op(inputs, kernel)
