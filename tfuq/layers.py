"""Layers whose randomness is a pure function of a seed tensor, and the factory that architectures build with.

Every stochastic layer takes the network's ``seed`` input and folds its own salt into it. Called without a seed it is
its own mean: dropout is the identity, a variational kernel is the posterior mean. What a network draws is therefore
decided by which of its layers were wired to the seed, and nowhere else.

The Keras ``training`` flag has one meaning here: with it each example of a batch has its own draw (its own dropout mask,
its own Flipout signs), without it one draw serves the whole batch, so that one seed is one function.
"""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

warnings.filterwarnings("ignore", message=".*add_variable.*")  # TFP still calls Keras by the deprecated name

SEED_SHAPE = (2,)
_CONVOLUTION = {2: tf_keras.layers.Conv2D, 3: tf_keras.layers.Conv3D}


def fold_in(seed: tf.Tensor, salt: int | tf.Tensor) -> tf.Tensor:
    """Return the stateless seed (int32 ``[2]``) that ``salt`` derives from ``seed``."""
    return tf.random.experimental.stateless_fold_in(seed, tf.cast(salt, tf.int32))


def layer_salt(name: str) -> int:
    """A salt that depends on the layer's name alone, so that it survives rebuilding the network in another process."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def standard_normal(shape: tf.TensorShape, seed: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers, float32, by Box and Muller's transform of pairs of uniform ones.

    `tf.random.stateless_normal` transforms one number after the other and takes half as long again on a CPU, which shows:
    a sample of a variational network draws as many numbers as the network has weights.
    """
    pairs = (shape.num_elements() + 1) // 2
    radius, angle = tf.unstack(tf.random.stateless_uniform([2, pairs], seed))
    radius, angle = tf.sqrt(-2.0 * tf.math.log1p(-radius)), 2.0 * math.pi * angle
    drawn = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], 0)
    return tf.reshape(drawn[: shape.num_elements()], shape)


class SeededDropout(tf_keras.layers.Layer):
    """Inverted dropout drawn from ``seed``; without a seed, the identity (Gal & Ghahramani 2016).

    ``inputs``: ``[N, *spatial, C]``. With ``spatial=True`` whole channels are dropped (Tompson et al. 2015).
    """

    def __init__(self, rate: float, *, spatial: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.spatial = rate, spatial

    def call(self, inputs, seed=None, training=None):
        if seed is None or self.rate == 0.0:
            return tf.identity(inputs)
        shape = tf.shape(inputs)
        batch = shape[:1] if training else [1]
        space = tf.ones_like(shape[1:-1]) if self.spatial else shape[1:-1]
        uniform = tf.random.stateless_uniform(
            tf.concat([batch, space, shape[-1:]], 0), fold_in(seed, layer_salt(self.name)), dtype=inputs.dtype
        )
        return inputs * tf.cast(uniform >= self.rate, inputs.dtype) / (1.0 - self.rate)


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


_VARIATIONAL_CONVOLUTION = {2: VariationalConv2D, 3: VariationalConv3D}


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
        rho = float(tfp.math.softplus_inverse(tf.constant(self.initial_scale)))
        return {
            "kernel_posterior_fn": tfp.layers.default_mean_field_normal_fn(
                loc_initializer=tf_keras.initializers.HeNormal(),
                untransformed_scale_initializer=tf_keras.initializers.Constant(rho),
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


@dataclass
class LayerFactory:
    """Makes the layers of one network, wiring the stochastic ones to its ``seed`` input.

    ``weights`` None gives ordinary layers, a `GaussianPosterior` variational ones. ``stochastic=False`` builds the same
    network (same layers, same variables) with nothing wired to the seed.
    """

    weights: GaussianPosterior | None = None
    stochastic: bool = True
    seed: tf_keras.KerasTensor = field(init=False)

    def __post_init__(self):
        self.seed = tf_keras.Input(batch_shape=SEED_SHAPE, dtype=tf.int32, name="seed")

    def conv(self, filters: int, size: int, *, rank: int, name: str, **options) -> Callable:
        """A same-padded convolution; ``options`` as tf_keras (``activation``, ``strides``, ``padding``)."""
        options = {"padding": "same", "name": name, **options}
        if self.weights is None:
            return _CONVOLUTION[rank](filters, size, kernel_initializer="he_normal", **options)
        return self._wired(_VARIATIONAL_CONVOLUTION[rank](filters, size, **self.weights.arguments(), **options))

    def dense(self, units: int, *, name: str, activation=None) -> Callable:
        """A dense layer."""
        if self.weights is None:
            return tf_keras.layers.Dense(units, activation=activation, kernel_initializer="he_normal", name=name)
        return self._wired(VariationalDense(units, activation=activation, name=name, **self.weights.arguments()))

    def dropout(self, rate: float, *, name: str, spatial: bool = False) -> Callable:
        """A dropout layer that is on whenever the network is stochastic, in training and in prediction."""
        return self._wired(SeededDropout(rate, spatial=spatial, name=name))

    def _wired(self, layer) -> Callable:
        return (lambda inputs: layer(inputs, seed=self.seed)) if self.stochastic else layer
