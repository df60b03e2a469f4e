"""Convolutions and dense layers with mean-field Gaussian weights."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

from tfuq.layers.seeds import fold_in, layer_salt, standard_normal

warnings.filterwarnings("ignore", message=".*add_variable.*")  # TFP still calls Keras by the deprecated name

WIDTH_VARIABLE = "untransformed_scale"  # TFP's name of what softplus makes a kernel's standard deviations of


def untransformed(width: float) -> float:
    """What softplus makes ``width`` of."""
    return width + math.log(-math.expm1(-width))


def is_width(variable: tf.Variable) -> bool:
    """Whether a variable holds the widths of a kernel's or a code's posterior, before softplus."""
    return variable.name.removesuffix(":0").endswith(WIDTH_VARIABLE)


class SeededVariational:
    """Mixin over a TFP variational layer: seeded draws, and the KL term only where it is trained.

    ``estimator`` is how a training step draws: ``flipout`` gives each example its own signs (Wen et al. 2018),
    ``reparameterization`` one kernel for the batch (Blundell et al. 2015). Outside training both draw one kernel, so a
    sample costs one convolution instead of Flipout's two.
    """

    def __init__(self, *args, estimator: str = "flipout", **kwargs):
        super().__init__(*args, **kwargs)
        self.estimator = estimator

    def call(self, inputs, seed=None, width=None, training=None):
        self._seed, self._width, self._training = seed, width, bool(training)
        return super().call(inputs)

    @property
    def width(self) -> tf.Tensor:
        """Standard deviation of the kernel's posterior; callers that draw often compute it once and pass it to `call`."""
        return tf.convert_to_tensor(self.kernel_posterior.distribution.scale)

    def weights_at(self, seed: tf.Tensor, width: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The kernel drawn from the network's ``seed``, and the bias."""
        return self._mean + self._noise(seed, width), self.bias_posterior.distribution.loc

    @property
    def means(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The kernel's mean, and the bias."""
        return self._mean, self.bias_posterior.distribution.loc

    @property
    def _mean(self):
        return self.kernel_posterior.distribution.loc

    def _noise(self, seed, width):
        normal = standard_normal(self._mean.shape, fold_in(seed, layer_salt(self.name)))
        return (self.width if width is None else width) * normal

    def _apply_variational_kernel(self, inputs):
        self.kernel_posterior_tensor = None
        if self._seed is None:
            return self._apply_kernel(inputs, self._mean)
        noise = self._noise(self._seed, self._width)
        if self._training and self.estimator == "flipout":
            return self._apply_kernel(inputs, self._mean) + self._flipped(inputs, noise)
        return self._apply_kernel(inputs, self._mean + noise)

    def _flipped(self, inputs, noise):
        batch, ones = tf.shape(inputs)[0], (1,) * (len(inputs.shape) - 2)
        seed = fold_in(self._seed, layer_salt(self.name))
        sign_in, sign_out = (
            tfp.random.rademacher(tf.stack([batch, *ones, channels]), inputs.dtype, seed=fold_in(seed, salt))
            for salt, channels in ((1, noise.shape[-2]), (2, noise.shape[-1]))
        )
        return self._apply_kernel(inputs * sign_in, noise) * sign_out

    def _apply_divergence(self, *args, **kwargs):
        # An add_loss inside a sampling loop would leak out of the loop's graph, and nothing reads it there.
        if self._training:
            super()._apply_divergence(*args, **kwargs)


class SeededConvolution(SeededVariational):
    def _apply_kernel(self, inputs, kernel):
        return self._convolution_op(inputs, kernel)


class VariationalConv2D(SeededConvolution, tfp.layers.Convolution2DFlipout):
    """2D convolution with a mean-field Gaussian kernel, drawn from ``seed``."""


class VariationalConv3D(SeededConvolution, tfp.layers.Convolution3DFlipout):
    """3D convolution with a mean-field Gaussian kernel, drawn from ``seed``."""


class VariationalDense(SeededVariational, tfp.layers.DenseFlipout):
    """Dense layer with a mean-field Gaussian kernel, drawn from ``seed``."""

    def _apply_kernel(self, inputs, kernel):
        return tf.matmul(inputs, kernel)


@dataclass(frozen=True)
class GaussianPosterior:
    """Mean-field Gaussian weights: initial width, prior width, and the factor on KL(q‖p).

    ``kl_scale`` is 1 / (training cases × voxels per case) where the likelihood is averaged over voxels.
    """

    initial_scale: float = 0.0067
    prior_scale: float = 1.0
    kl_scale: float = 1.0
    estimator: str = "flipout"

    def arguments(self) -> dict:
        """Constructor arguments of a TFP variational layer."""
        return {
            "kernel_posterior_fn": tfp.layers.default_mean_field_normal_fn(
                loc_initializer=tf_keras.initializers.HeNormal(),
                untransformed_scale_initializer=tf_keras.initializers.Constant(untransformed(self.initial_scale)),
            ),
            # TFP's default starts biases from one shared random draw.
            "bias_posterior_fn": tfp.layers.default_mean_field_normal_fn(
                is_singular=True, loc_initializer=tf_keras.initializers.Zeros()
            ),
            "kernel_prior_fn": self._prior,
            "kernel_divergence_fn": self._divergence,
            "estimator": self.estimator,
            "dtype": "float32",  # mixed precision breaks TFP's layers
        }

    def _prior(self, dtype, shape, name, trainable, add_variable):
        normal = tfp.distributions.Normal(tf.zeros(shape, dtype), tf.cast(self.prior_scale, dtype))
        return tfp.distributions.Independent(normal, reinterpreted_batch_ndims=len(shape))

    def _divergence(self, posterior, prior, _):
        return self.kl_scale * tfp.distributions.kl_divergence(posterior, prior)
