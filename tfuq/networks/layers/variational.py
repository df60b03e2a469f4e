"""Convolutions and dense layers with mean-field Gaussian weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

from tfuq.networks.layers.seeded_weights import (
    SeededConvolution,
    SeededVariational,
    untransformed,
)

# TFP still calls Keras by the deprecated name.
warnings.filterwarnings("ignore", message=".*add_variable.*")

MakePosterior = Callable[..., tfp.distributions.Distribution]


class VariationalConv2D(SeededConvolution, tfp.layers.Convolution2DFlipout):
    """2D convolution with a mean-field Gaussian kernel that is a function of ``seed``."""


class VariationalConv3D(SeededConvolution, tfp.layers.Convolution3DFlipout):
    """3D convolution with a mean-field Gaussian kernel that is a function of ``seed``."""


class VariationalDense(SeededVariational, tfp.layers.DenseFlipout):
    """Dense layer with a mean-field Gaussian kernel that is a function of ``seed``."""

    def _apply_kernel(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.matmul(inputs, kernel)


_CONVOLUTION = {2: VariationalConv2D, 3: VariationalConv3D}


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

    def conv(
        self, filters: int, size: int | Sequence[int], *, rank: int, **options: Any
    ) -> SeededConvolution:
        """A convolution, with the arguments of `tfuq.networks.layers.LayerFactory.conv`."""
        return _CONVOLUTION[rank](filters, size, **{**options, **self.arguments()})

    def dense(self, units: int, **options: Any) -> SeededVariational:
        """A dense layer, with the arguments of `tfuq.networks.layers.LayerFactory.dense`."""
        return VariationalDense(units, **{**options, **self.arguments()})

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
