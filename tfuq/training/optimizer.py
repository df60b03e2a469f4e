"""Optimizers: Adam that also infers the widths of variational weights, and momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.config import Config
from tfuq.networks.layers import WIDTH_VARIABLE, is_width

_MOMENTUM = 0.9  # of the common gradient of a kernel's widths
_MEMORY = 0.95  # of its square: short, as that falls with the widths where they begin too wide
_EARLY_STEPS = 10.0  # after which the common step falls by the root of the number of steps
_EARLY_AVERAGES = 10.0  # steps, by which a moving average of weights is shorter at first

# The optimizer of tf_keras that the mixin below is mixed into; it has no types.
_Optimizer: Any = object


class RisingAverage(_Optimizer):
    """Mixin: a moving average of weights that does not remember where training began.

    After n steps it keeps n / (n + 10) of itself, at most ``ema_momentum``: at first nothing.
    tf_keras's own keeps the same share throughout, and so the weights of the start for long.
    """

    @property
    def ema_momentum(self) -> tf.Tensor:
        """The share of itself that the average keeps in this step."""
        steps = tf.cast(self.iterations, tf.float32)
        return tf.minimum(steps / (steps + _EARLY_AVERAGES), self._highest_momentum)

    @ema_momentum.setter
    def ema_momentum(self, highest: float) -> None:
        self._highest_momentum = highest


class Momentum(RisingAverage, tf_keras.optimizers.SGD):
    """Stochastic gradient descent with Nesterov's momentum."""


class WidthAdam(RisingAverage, tf_keras.optimizers.Adam):
    """Adam in which all widths of a kernel also take a common step on a logarithmic scale.

    A step of Adam is its learning rate times the gradient's mean over its root mean square. So it
    hardly moves where noise rules. The gradient of one weight's width is nearly all noise: on the
    hippocampus its standard deviation is 10 to 400 times the pull of the KL divergence. Within
    thousands of steps a width stays where it began. Noise of different weights averages out. For a
    kernel of standard deviations σ_j the derivative of the loss by a common factor of them,

        g = Σ_j ∂L/∂log σ_j,

    has a standard deviation of 0.1 to 10 times the KL's part of it. Every width is therefore
    multiplied by exp(−η_t · mean(g) / rms(g)). The running means are as in Adam, and η_t is
    ``width_learning_rate`` / √(1 + t/10). Adam's step of each width comes on top. Both steps vanish
    where the expected gradient of the negative ELBO does, so its optimum is that of Adam.

    A weight that has learned nothing yet is best off as wide as its prior, and drowned in that
    noise it learns nothing any more. So the common steps can be held back until the means have
    learned: t counts from there on.

    Weight decay takes weights, not widths.

    References:
        Kingma & Ba 2015, Adam: a method for stochastic optimization.
    """

    def __init__(
        self,
        learning_rate: float,
        *,
        width_learning_rate: float,
        held_steps: int = 0,
        **options: Any,
    ) -> None:
        """Make the optimizer.

        Args:
            learning_rate: Of Adam's steps.
            width_learning_rate: η_0 of the common steps.
            held_steps: Steps before the first common one.
            **options: Arguments of every optimizer of tf_keras, such as ``weight_decay``, which is
                decoupled.
        """
        super().__init__(learning_rate, name="Adam", **options)
        self._width_learning_rate = width_learning_rate
        self._held_steps = held_steps
        self._common: dict[str, tuple[tf.Variable, tf.Variable]] = {}
        self.exclude_from_weight_decay(var_names=[WIDTH_VARIABLE])

    def build(self, var_list: Sequence[tf.Variable]) -> None:
        """Make the running means of every variable, and of every kernel's common gradient."""
        is_built = getattr(self, "_built", False)
        super().build(var_list)
        if is_built:
            return
        for variable in filter(is_width, var_list):
            mean = self.add_variable_from_reference(variable, "common_m", shape=())
            square = self.add_variable_from_reference(variable, "common_v", shape=())
            self._common[self._var_key(variable)] = (mean, square)

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Take Adam's step of a variable, and the common step of widths."""
        common = self._common.get(self._var_key(variable))
        if common is None:
            self._step_of_adam(gradient, variable)
            return
        slope = tf.sigmoid(variable) / tf.math.softplus(variable)  # of log σ by the variable
        step = self._common_step(tf.reduce_sum(gradient / slope), *common)
        self._step_of_adam(gradient, variable)
        variable.assign_sub(step / slope)

    def _step_of_adam(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Adam's step in one operation, where tf_keras has twenty: graphs are built sooner."""
        index = self._index_dict[self._var_key(variable)]
        steps = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(self.beta_1, steps),
            beta2_power=tf.pow(self.beta_2, steps),
            lr=tf.cast(self.learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def _common_step(
        self,
        gradient: tf.Tensor,
        mean: tf.Variable,
        square: tf.Variable,
    ) -> tf.Tensor:
        """The step on the logarithm of the common factor."""
        mean.assign_add((gradient - mean) * (1 - _MOMENTUM))
        square.assign_add((tf.square(gradient) - square) * (1 - _MEMORY))
        steps = tf.cast(self.iterations + 1, gradient.dtype)
        unbiased_mean = mean / (1 - _MOMENTUM**steps)
        unbiased_square = square / (1 - _MEMORY**steps)
        rate = self._rate(steps - self._held_steps)
        return rate * tf.math.divide_no_nan(unbiased_mean, tf.sqrt(unbiased_square))

    def _rate(self, steps: tf.Tensor) -> tf.Tensor:
        """η after so many common steps; 0 while they are held back."""
        falling = self._width_learning_rate / tf.sqrt(1 + tf.maximum(steps, 0.0) / _EARLY_STEPS)
        return tf.where(steps > 0, falling, 0.0)


def make_optimizer(config: Config, held_steps: int = 0) -> tf_keras.optimizers.Optimizer:
    """The configured optimizer.

    Args:
        config: The configuration.
        held_steps: Steps before widths take their first common one.

    References:
        Loshchilov & Hutter 2019, Decoupled weight decay regularization (AdamW).
        Sutskever et al. 2013, On the importance of initialization and momentum in deep learning.
    """
    training = config.training
    options: dict[str, Any] = {
        "weight_decay": training.weight_decay or None,
        "global_clipnorm": training.clip_norm,
    }
    if training.ema is not None:
        options |= {"use_ema": True, "ema_momentum": training.ema}
    if training.optimizer == "sgd":
        return Momentum(
            training.learning_rate, momentum=training.momentum, nesterov=True, **options
        )
    return WidthAdam(
        training.learning_rate,
        width_learning_rate=config.variational.width_learning_rate,
        held_steps=held_steps,
        **options,
    )
