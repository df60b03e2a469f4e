"""Convolutions and dense layers with mean-field Gaussian weights."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

from tfuq.networks.layers.seeds import fold_in, layer_salt, random_signs, standard_normal

# TFP still calls Keras by the deprecated name.
warnings.filterwarnings("ignore", message=".*add_variable.*")

# TFP's name of the variable of which softplus is a kernel's standard deviations.
WIDTH_VARIABLE = "untransformed_scale"

# The layer of TFP that the mixins below are mixed into; TFP has no types.
_VariationalLayer: Any = object

_SIGN_IN_SALT = 1
_SIGN_OUT_SALT = 2

MakePosterior = Callable[..., tfp.distributions.Distribution]


def untransformed(width: float) -> float:
    """The number of which softplus is ``width``."""
    return width + math.log(-math.expm1(-width))


def is_width(variable: tf.Variable) -> bool:
    """Whether a variable holds the widths of a kernel's or a code's posterior, before softplus."""
    name: str = variable.name
    return name.removesuffix(":0").endswith(WIDTH_VARIABLE)


class SeededVariational(_VariationalLayer):
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

    def weights_at(self, seed: tf.Tensor, width: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
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


class VariationalConv2D(SeededConvolution, tfp.layers.Convolution2DFlipout):
    """2D convolution with a mean-field Gaussian kernel that is a function of ``seed``."""


class VariationalConv3D(SeededConvolution, tfp.layers.Convolution3DFlipout):
    """3D convolution with a mean-field Gaussian kernel that is a function of ``seed``."""


class VariationalDense(SeededVariational, tfp.layers.DenseFlipout):
    """Dense layer with a mean-field Gaussian kernel that is a function of ``seed``."""

    def _apply_kernel(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.matmul(inputs, kernel)


@dataclass(frozen=True, kw_only=True)
class GaussianPosterior:
    """Mean-field Gaussian weights.

    Attributes:
        initial_scale: standard deviation of every weight at the start, above 0.
        prior_scale: standard deviation of the prior N(0, σ²), above 0.
        kl_scale: factor on KL(q‖p): 1 / (training cases × voxels per case) where the likelihood is
            averaged over voxels.
        estimator: ``flipout`` or ``reparameterization``, see `SeededVariational`.
    """

    initial_scale: float = 0.0067
    prior_scale: float = 1.0
    kl_scale: float = 1.0
    estimator: str = "flipout"

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments of a TFP variational layer."""
        return {
            "kernel_posterior_fn": self._kernel_posterior(),
            "bias_posterior_fn": self._bias_posterior(),
            "kernel_prior_fn": self._prior,
            "kernel_divergence_fn": self._divergence,
            "estimator": self.estimator,
            "dtype": "float32",  # mixed precision breaks TFP's layers
        }

    def _kernel_posterior(self) -> MakePosterior:
        raw_width = untransformed(self.initial_scale)
        make: MakePosterior = tfp.layers.default_mean_field_normal_fn(
            loc_initializer=tf_keras.initializers.HeNormal(),
            untransformed_scale_initializer=tf_keras.initializers.Constant(raw_width),
        )
        return make

    @staticmethod
    def _bias_posterior() -> MakePosterior:
        # TFP's default gives all biases the same random start.
        make: MakePosterior = tfp.layers.default_mean_field_normal_fn(
            is_singular=True, loc_initializer=tf_keras.initializers.Zeros()
        )
        return make

    def _prior(
        self,
        dtype: tf.DType,
        shape: tuple[int, ...],
        name: str,
        trainable: bool,
        add_variable: Callable[..., tf.Variable],
    ) -> tfp.distributions.Distribution:
        mean = tf.zeros(shape, dtype)
        scale = tf.cast(self.prior_scale, dtype)
        normal = tfp.distributions.Normal(mean, scale)
        return tfp.distributions.Independent(normal, reinterpreted_batch_ndims=len(shape))

    def _divergence(
        self,
        posterior: tfp.distributions.Distribution,
        prior: tfp.distributions.Distribution,
        _: tf.Tensor,
    ) -> tf.Tensor:
        return self.kl_scale * tfp.distributions.kl_divergence(posterior, prior)
