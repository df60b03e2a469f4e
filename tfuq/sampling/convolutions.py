"""A network's convolutions as they are computed where it is sampled.

The weights are those of the network's own layers. What a convolution of an up-sampled map computes,
it computes from the map before it is up-sampled.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers import NearestUpsampling, SeededConvolution, SeededWeights

_CONVOLUTIONS = (tf_keras.layers.Conv2D, tf_keras.layers.Conv3D, SeededConvolution)
# They are subclasses of the convolutions, and compute as they are.
_TRANSPOSED = (tf_keras.layers.Conv2DTranspose, tf_keras.layers.Conv3DTranspose)

FLOAT32 = "float32"
Activation = Callable[[tf.Tensor], tf.Tensor]


class SampledConvolution(tf_keras.layers.Layer):
    """A convolution of a network, by the weights of its layer.

    The class's name is part of the names of the operations in an export.

    The result has the type that the convolution is computed in. Layers of Keras make float32 of it.

    Call arguments:
        inputs: ``[N, *S, C]``; with a factor, the map that is up-sampled.
        seed: the network's seed, if the weights are random.
        width: their posterior widths.
    """

    def __init__(
        self,
        convolution: tf_keras.layers.Layer,
        *,
        factor: int = 1,
        precision: str = FLOAT32,
    ) -> None:
        """Make the layer.

        Args:
            convolution: whose weights and options are used.
            factor: by which the inputs are up-sampled to their nearest neighbours before they are
                convolved.
            precision: the type that inputs and weights are rounded to.
        """
        super().__init__(name=convolution.name, autocast=False)
        self.convolution = convolution
        self._factor = factor
        self._precision = tf.as_dtype(precision)

    @property
    def is_variational(self) -> bool:
        """Whether the weights have a posterior."""
        return isinstance(self.convolution, SeededWeights)

    @property
    def width(self) -> tf.Tensor:
        """The posterior widths of the kernel."""
        width: tf.Tensor = self.convolution.width
        return width

    @property
    def activation(self) -> Activation:
        """What follows the convolution, element by element."""
        function: Activation = self.convolution.activation
        return function

    def call(
        self,
        inputs: tf.Tensor,
        seed: tf.Tensor | None = None,
        width: tf.Tensor | None = None,
    ) -> tf.Tensor:
        kernel, bias = self.weights_at(seed, width)
        if self._factor == 1:
            return self.convolve(inputs, kernel, bias, self.activation)
        return self._convolve_upsampled(inputs, kernel, bias)

    def weights_at(
        self,
        seed: tf.Tensor | None,
        width: tf.Tensor | None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Kernel and bias that belong to a seed; without one, those at the means."""
        layer = self.convolution
        if not self.is_variational:
            return layer.kernel, layer.bias
        kernel, bias = layer.means
        if seed is not None:
            kernel, bias = layer.weights_at(seed, width)
        return kernel, bias

    def convolve(
        self,
        inputs: tf.Tensor,
        kernel: tf.Tensor,
        bias: tf.Tensor | None = None,
        activation: Activation = tf_keras.activations.linear,
    ) -> tf.Tensor:
        """A convolution with the options of the layer, then what follows it.

        Args:
            inputs: some of the layer's input channels.
            kernel: of these channels.
            bias: to add.
            activation: of the sum.
        """
        # Rounded around each convolution in the graph, so that an export computes the same.
        result = tf.nn.convolution(
            tf.cast(inputs, self._precision),
            tf.cast(kernel, self._precision),
            strides=self.convolution.strides,
            padding=self.convolution.padding.upper(),
            dilations=self.convolution.dilation_rate,
        )
        if bias is not None:
            result = tf.nn.bias_add(result, tf.cast(bias, self._precision))
        return activation(result)

    def _convolve_upsampled(
        self,
        inputs: tf.Tensor,
        kernel: tf.Tensor,
        bias: tf.Tensor,
        axis: int = 0,
    ) -> tf.Tensor:
        """The convolution of the up-sampled inputs, along the spatial axes from ``axis`` on.

        Every ``factor``-th element of the result sees the same pattern of repeated inputs. So it is
        a convolution of the inputs whose kernel adds up the weights that meet the same input. All
        residues of the last axis are one convolution, as further channels; those of the others are
        a convolution each, as some of their kernels are shorter.
        """
        factor = self._factor
        last = len(inputs.shape) - 3
        if axis == last:
            phases = range(factor)
            kernels = [folded(kernel, axis, factor, phase, phases) for phase in phases]
            result = self.convolve(
                inputs,
                tf.concat(kernels, -1),
                tf.tile(bias, [factor]),
                self.activation,
            )
            return tf.reshape(result, _enlarged(result, axis, factor, channels=bias.shape[0]))
        parts = []
        for phase in range(factor):
            folded_kernel = folded(kernel, axis, factor, phase, [phase])
            parts.append(self._convolve_upsampled(inputs, folded_kernel, bias, axis + 1))
        interleaved = tf.stack(parts, axis + 2)
        return tf.reshape(
            interleaved,
            _enlarged(parts[0], axis, factor, channels=bias.shape[0]),
        )


def folded(
    kernel: tf.Tensor,
    axis: int,
    factor: int,
    phase: int,
    phases: Any,
) -> tf.Tensor:
    """A kernel for up-sampled inputs as one for the inputs, along an axis.

    Args:
        kernel: ``[*sizes, C, outputs]``.
        axis: of the kernel.
        factor: of the up-sampling to nearest neighbours.
        phase: which of ``factor`` neighbouring elements of the result is computed.
        phases: those whose kernels are to have the same size.

    Returns:
        The kernel, for a convolution that is padded to the size of its input.
    """
    weights = tf.unstack(kernel, axis=axis)
    size = len(weights)

    def offset(tap: int, phase: int) -> int:
        """Of the input that a weight meets, from the one that the result lies in."""
        return (phase + tap - (size - 1) // 2) // factor

    first = min(offset(0, each) for each in phases)
    last = max(offset(size - 1, each) for each in phases)
    sums = []
    for position in _padded_window(first, last):
        total = tf.zeros_like(weights[0])
        met = [weight for tap, weight in enumerate(weights) if offset(tap, phase) == position]
        if met:
            total = tf.add_n(met)
        sums.append(total)
    return tf.stack(sums, axis)


def _padded_window(first: int, last: int) -> range:
    """The offsets of the shortest kernel that has those given.

    A kernel of size n, padded to the size of its input, begins (n − 1) // 2 before an element.
    """
    for size in itertools.count(1):
        window = range(-((size - 1) // 2), size // 2 + 1)
        if first in window and last in window:
            return window
    raise AssertionError("itertools.count ended")


def _enlarged(result: tf.Tensor, axis: int, factor: int, *, channels: int) -> list[int]:
    """The shape of a result that is longer along a spatial axis, any number of examples."""
    shape = [-1, *result.shape[1:-1], channels]
    shape[1 + axis] *= factor
    return shape


def with_sampled_convolutions(
    model: tf_keras.Model,
    precision: str = FLOAT32,
) -> tf_keras.Model:
    """The network with its convolutions as they are computed where it is sampled.

    A convolution that makes the network's output is computed in float32.

    Args:
        model: ``(image, seed) → output``.
        precision: the type that the other convolutions are computed in.

    Returns:
        ``(image, seed) → output`` of the same variables, equal up to rounding.
    """
    rebuilt = {id(tensor): tensor for tensor in model.inputs}
    last = model.outputs[0].node

    def counterpart(value: Any) -> Any:
        # Layers at their means are called with None for the seed.
        if value is None or not tf_keras.backend.is_keras_tensor(value):
            return value
        if id(value) not in rebuilt:
            rebuilt[id(value)] = called_again(value.node)
        return rebuilt[id(value)]

    def called_again(node: Any) -> Any:
        layer, call = node.layer, (node.call_args, node.call_kwargs)
        if isinstance(layer, _CONVOLUTIONS) and not isinstance(layer, _TRANSPOSED):
            factor = _factor_before(node)
            own = FLOAT32 if node is last else precision
            layer = SampledConvolution(layer, factor=factor, precision=own)
            if factor > 1:
                call = (node.keras_inputs[0].node.call_args, node.call_kwargs)
        arguments, options = tf.nest.map_structure(counterpart, call)
        return layer(*arguments, **options)

    return tf_keras.Model(model.inputs, counterpart(model.outputs[0]))


def _factor_before(node: Any) -> int:
    """The factor of the up-sampling that a convolution can be computed without; 1 if of none."""
    convolution, upsampling = node.layer, node.keras_inputs[0].node.layer
    if not isinstance(upsampling, NearestUpsampling):
        return 1
    steps = {*convolution.strides, *convolution.dilation_rate}
    if steps != {1} or convolution.padding != "same":
        return 1
    return upsampling.factor
