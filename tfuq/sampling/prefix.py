"""The deterministic prefix: the layers of a network that its seed does not reach.

They run once per image instead of once per sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers import LowRankLogits, SeededDropout, SeededWeights
from tfuq.sampling.convolutions import FLOAT32, SampledConvolution, with_sampled_convolutions
from tfuq.sampling.kept_units import (
    DenseOfKept,
    KeptUnits,
    dropped_inputs,
    is_point_dense,
)

# Keras has no public types of these.
Node = Any  # a call of a layer in the functional graph
KerasTensor = Any  # an input or a result of such calls


@dataclass(frozen=True, kw_only=True)
class SplitNetwork:
    """A network in two parts.

    Attributes:
        prefix: image → features; it runs once per image.
        suffix: (*features, *widths, corner, seed) → output; it runs once per sample. ``corner``
            (int32, ``[N, rank]``, or ``[1, rank]`` for all) is the coordinates in their volume at
            which the images begin. It must be a multiple of ``grid``.
        variational: the layers whose weights are random, in the order of the suffix's widths.
        grid: voxels along each axis that one element spans of the coarsest map whose elements are
            dropped one by one. Without such maps the grid is 1, and the corner changes nothing.
    """

    prefix: tf_keras.Model
    suffix: tf_keras.layers.Layer
    variational: tuple[SeededWeights | SampledConvolution, ...]
    grid: tuple[int, ...]

    def widths(self) -> list[tf.Tensor]:
        """Posterior widths of the variational kernels, which no seed changes either."""
        return [layer.width for layer in self.variational]


@tf.autograph.experimental.do_not_convert
def split_at_seed(
    model: tf_keras.Model,
    precision: str = FLOAT32,
    *,
    static_shapes: bool = False,
) -> SplitNetwork:
    """Split a network where its seed comes in.

    A walk back from the output ends where it first meets a tensor that the seed does not reach.
    Both parts share the model's variables. A convolution of a concatenation is the sum of a
    convolution of each of its inputs: the suffix adds them up without concatenating. Where a
    convolution's weights are not random, its share from deterministic inputs (a U-Net's skip
    connections) belongs to the prefix. A network that never uses its seed is all prefix.

    Dense layers before and after dropout leave out the units that a sample drops (see
    `tfuq.sampling.kept_units`).

    Args:
        model: ``(image, seed) → output``.
        precision: the type that convolutions are computed in, see `with_sampled_convolutions`.
        static_shapes: whether shapes must be the same in all samples, as XLA needs them. Then
            dropped units are computed, and multiplied by zero.
    """
    sampled = with_sampled_convolutions(model, precision)
    return _Splitter(sampled, static_shapes=static_shapes).split()


class _Share(tf_keras.layers.Layer):
    """A convolution of some of its input channels, before bias and activation.

    The convolution's weights are not random.
    """

    def __init__(self, convolution: SampledConvolution, channels: slice) -> None:
        super().__init__(autocast=False)
        self._convolution = convolution
        self._channels = channels

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel, _ = self._convolution.weights_at(None, None)
        return self._convolution.convolve(inputs, kernel[..., self._channels, :])


class _ConvolutionOfParts(tf_keras.layers.Layer):
    """A convolution of the concatenation of several inputs, without concatenating.

    The class's name is part of the names of the operations in an export.

    Call arguments:
        inputs: some of the concatenated tensors.
        shares: what the others add to the sum.
        seed: the network's seed, if the weights are random.
        width: their posterior widths.
    """

    def __init__(self, convolution: SampledConvolution, channels: list[slice]) -> None:
        """Make the layer.

        Args:
            convolution: whose weights are used.
            channels: the convolution's input channels of each of ``inputs``.
        """
        super().__init__(autocast=False)
        self._convolution = convolution
        self._channels = channels

    def call(
        self,
        inputs: Sequence[tf.Tensor],
        shares: Sequence[tf.Tensor] = (),
        seed: tf.Tensor | None = None,
        width: tf.Tensor | None = None,
    ) -> tf.Tensor:
        kernel, bias = self._convolution.weights_at(seed, width)
        # The bias goes to the first, so that convolution, bias, addition and activation run as one
        # kernel.
        biases = [bias] + [None] * (len(inputs) - 1)
        terms = []
        for tensor, channels, bias in zip(inputs, self._channels, biases, strict=True):
            kernel_of_input = kernel[..., channels, :]
            terms.append(self._convolution.convolve(tensor, kernel_of_input, bias))
        total, *others = [tf.cast(term, tf.float32) for term in [*terms, *shares]]
        for term in others:
            total = total + term
        return self._convolution.activation(total)


def _is_seeded(node: Node) -> bool:
    """Whether a call of a layer takes the seed."""
    return node.call_kwargs.get("seed") is not None


def _has_random_weights(node: Node) -> bool:
    """Whether a call of a layer has random weights: a variational layer may be at its mean."""
    layer = node.layer
    if isinstance(layer, SampledConvolution):
        layer = layer.convolution
    return isinstance(layer, SeededWeights) and _is_seeded(node)


def _draws_by_place(node: Node) -> bool:
    """Whether a call of a layer draws for elements one by one, by their coordinates."""
    if not isinstance(node.layer, (LowRankLogits, SeededDropout)) or not _is_seeded(node):
        return False
    return node.layer.depends_on_place(node.call_args[0].shape)


class _Splitter:
    """Rebuilds a network from its output back to where the seed comes in."""

    def __init__(self, model: tf_keras.Model, *, static_shapes: bool) -> None:
        self._image, self._seed = model.inputs
        self._output = model.outputs[0]
        self._has_space = len(self._output.shape) == len(self._image.shape)
        # Where the output has spatial axes, each window has a mask of its own.
        self._leaves_units_out = not static_shapes and not self._has_space
        self._is_reached = {id(self._seed): True, id(self._image): False}
        self._features: list[KerasTensor] = []  # tensors of the prefix
        self._inputs: list[KerasTensor] = []  # of the suffix, for the features
        suffix_seed = tf_keras.Input(batch_shape=self._seed.shape, dtype=self._seed.dtype)
        self._rebuilt = {id(self._seed): suffix_seed}
        self._variational: list[SeededWeights | SampledConvolution] = []
        self._widths: list[KerasTensor] = []  # inputs of the suffix, for the variational layers
        rank = len(self._image.shape) - 2
        self._corner = tf_keras.Input(batch_shape=(None, rank), dtype=tf.int32)
        self._grid = (1,) * rank

    def split(self) -> SplitNetwork:
        output = self._rebuild(self._output)
        # A model whose output is an input has no layer: where nothing is random, the suffix has
        # one that passes the output on.
        if any(output is suffix_input for suffix_input in self._inputs):
            output = tf_keras.layers.Activation("linear")(output)
        suffix_seed = self._rebuilt[id(self._seed)]
        inputs = [*self._inputs, *self._widths, self._corner, suffix_seed]
        suffix = tf_keras.Model(inputs, output)
        return SplitNetwork(
            prefix=tf_keras.Model(self._image, self._features),
            suffix=suffix,
            variational=tuple(self._variational),
            grid=self._grid,
        )

    def _depends(self, tensor: KerasTensor) -> bool:
        """Whether the seed reaches a tensor."""
        if id(tensor) not in self._is_reached:
            parents = tensor.node.keras_inputs
            self._is_reached[id(tensor)] = any(self._depends(parent) for parent in parents)
        return self._is_reached[id(tensor)]

    def _rebuild(self, tensor: KerasTensor) -> KerasTensor:
        """The suffix's counterpart of a tensor."""
        if id(tensor) not in self._rebuilt:
            self._rebuilt[id(tensor)] = self._counterpart(tensor)
        return self._rebuilt[id(tensor)]

    def _counterpart(self, tensor: KerasTensor) -> KerasTensor:
        if not self._depends(tensor):
            return self._feature(tensor)
        concatenated = _concatenated(tensor)
        if concatenated:
            return self._sum_of_convolutions(tensor.node, concatenated)
        if self._leaves_units_out and is_point_dense(tensor) and dropped_inputs(tensor.node):
            return self._dense_of_kept(tensor.node)
        return self._call_again(tensor.node)

    def _feature(self, tensor: KerasTensor) -> KerasTensor:
        """Let the prefix hand over a tensor, and return the suffix's input for it."""
        self._features.append(tensor)
        suffix_input = tf_keras.Input(tensor.shape[1:], dtype=tensor.dtype)
        self._inputs.append(suffix_input)
        return suffix_input

    def _call_again(self, node: Node) -> KerasTensor:
        def counterpart(value: Any) -> Any:
            if tf_keras.backend.is_keras_tensor(value):
                return self._rebuild(value)
            return value

        call = (node.call_args, node.call_kwargs)
        arguments, options = tf.nest.map_structure(counterpart, call)
        options = options | self._width_option(node) | self._corner_option(node)
        return node.layer(*arguments, **options)

    def _corner_option(self, node: Node) -> dict[str, KerasTensor]:
        """The coordinates at which the layer's inputs begin, on their own grid.

        A network whose output has no spatial axes sees whole images. A map that has one element
        along an axis has no coordinates there: what is dropped of it is the same in every window,
        as whole channels are.
        """
        if not self._has_space or not _draws_by_place(node):
            return {}
        space = node.call_args[0].shape[1:-1]
        strides = self._strides(node.layer, space)
        has_coordinates = [int(size > 1) for size in space]
        grid = []
        for current, stride, has in zip(self._grid, strides, has_coordinates, strict=True):
            span = stride if has else 1
            grid.append(math.lcm(current, span))
        self._grid = tuple(grid)
        corner = self._corner // tf.constant(strides) * tf.constant(has_coordinates)
        return {"corner": corner}

    def _strides(self, layer: tf_keras.layers.Layer, space: Sequence[int]) -> list[int]:
        """Voxels along each axis that an element of a map spans."""
        patch = self._image.shape[1:-1]
        strides = []
        for size, elements in zip(patch, space, strict=True):
            if size % elements:
                divisor = f"a map {tuple(space)}, which does not divide the patch {tuple(patch)}"
                raise ValueError(f"{layer.name}: drops elements of {divisor}")
            strides.append(size // elements)
        return strides

    def _width_option(self, node: Node) -> dict[str, KerasTensor]:
        """The posterior widths of a layer with random weights."""
        if not _has_random_weights(node):
            return {}
        self._variational.append(node.layer)
        suffix_input = tf_keras.Input(batch_shape=node.layer.width.shape)
        self._widths.append(suffix_input)
        return {"width": suffix_input}

    def _dense_of_kept(self, node: Node, columns: KerasTensor | None = None) -> KerasTensor:
        """A dense layer without the dropped units of its inputs.

        Args:
            node: the layer's call.
            columns: indices of the units to compute; None for all.
        """
        layer = DenseOfKept(node.layer)
        dropped = dropped_inputs(node)
        if dropped is None:
            return layer(self._rebuild(node.keras_inputs[0]), columns=columns)
        before = dropped.before
        factors = dropped.factors(self._rebuild(self._seed))
        if not (is_point_dense(before) and self._depends(before)):
            inputs = dropped.flat(self._rebuild(before))
            return layer(inputs, factors=factors, columns=columns)
        kept = KeptUnits()(factors)
        inputs = self._dense_of_kept(before.node, columns=kept)
        return layer(inputs, factors=factors, rows=kept, columns=columns)

    def _sum_of_convolutions(
        self,
        node: Node,
        concatenated: Sequence[KerasTensor],
    ) -> KerasTensor:
        """A convolution of concatenated tensors, as a sum of a convolution of each."""
        convolution = node.layer
        is_random = _has_random_weights(node)
        inputs = []
        channels_of_inputs = []
        shares = []
        start = 0
        for tensor in concatenated:
            channels = slice(start, start + tensor.shape[-1])
            if is_random or self._depends(tensor):
                inputs.append(self._rebuild(tensor))
                channels_of_inputs.append(channels)
            else:
                share = _Share(convolution, channels)(tensor)
                shares.append(self._feature(share))
            start = channels.stop
        options = {}
        if is_random:
            options["seed"] = self._rebuild(self._seed)
            options |= self._width_option(node)
        layer = _ConvolutionOfParts(convolution, channels_of_inputs)
        return layer(inputs, shares=shares, **options)


def _concatenated(tensor: KerasTensor) -> list[KerasTensor]:
    """The tensors that a convolution sees concatenated; none for another layer."""
    if not isinstance(tensor.node.layer, SampledConvolution):
        return []
    joined = tensor.node.keras_inputs[0].node
    if not isinstance(joined.layer, tf_keras.layers.Concatenate):
        return []
    return list(joined.keras_inputs)
