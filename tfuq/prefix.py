"""The deterministic prefix: what of a network does not depend on its seed, found by reachability in the functional graph."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow as tf
import tf_keras

from tfuq.layers import SeededConvolution, SeededDropout, SeededVariational

_CONVOLUTIONS = (tf_keras.layers.Conv2D, tf_keras.layers.Conv3D, SeededConvolution)


@dataclass(frozen=True)
class SplitNetwork:
    """``prefix``: image → features, once per image; ``suffix``: (*features, *widths, corner, seed) → output, once per sample.

    ``corner`` (int32, ``[N, rank]``, or ``[1, rank]`` for all) says where in their volume the images begin. It must be a multiple of
    ``grid``: voxels along each axis that an element of the coarsest map spans whose elements are dropped one by one. Without such
    maps the grid is 1, and the corner changes nothing.
    """

    prefix: tf_keras.Model
    suffix: tf_keras.Model
    variational: tuple[SeededVariational, ...]
    grid: tuple[int, ...]

    def widths(self) -> list[tf.Tensor]:
        """Posterior widths of the variational kernels, which no seed changes either."""
        return [layer.width for layer in self.variational]


def split_at_seed(model: tf_keras.Model) -> SplitNetwork:
    """Split ``(image, seed) → output`` where a walk back from the output first meets what the seed does not reach.

    Both parts share the model's variables. A convolution of a concatenation is the sum of a convolution of each part: the
    suffix adds them up without concatenating, and what a convolution whose weights are not drawn makes of deterministic parts
    (a U-Net's skip connections) is left to the prefix. A network that never uses its seed is all prefix.
    """
    return _Splitter(model).split()


class _Share(tf_keras.layers.Layer):
    """What a convolution whose weights are not drawn makes of some of its input channels, before bias and activation."""

    def __init__(self, convolution, channels: slice):
        super().__init__()
        self._of, self._channels = convolution, channels

    def call(self, inputs):
        kernel, _ = _means(self._of)
        return _convolve(self._of, inputs, kernel[..., self._channels, :])


class _ConvolutionOfParts(tf_keras.layers.Layer):
    """A convolution of the concatenation of ``parts``, and of others whose ``shares`` of the sum are known."""

    def __init__(self, convolution, channels: list[slice]):
        super().__init__()
        self._of, self._channels = convolution, channels

    def call(self, parts, shares=(), seed=None, width=None):
        kernel, bias = _means(self._of) if seed is None else self._of.weights_at(seed, width)
        # The bias goes to the first, so that convolution, bias, addition and activation run as one kernel.
        first, *others = (
            _convolve(self._of, part, kernel[..., channels, :]) for part, channels in zip(parts, self._channels, strict=True)
        )
        total = tf.nn.bias_add(first, bias)
        for share in [*others, *shares]:
            total = total + share
        return self._of.activation(total)


def _means(layer):
    """Kernel and bias, of a variational layer at their means."""
    return layer.means if isinstance(layer, SeededVariational) else (layer.kernel, layer.bias)


def _draws_weights(node) -> bool:
    """Whether a call of a layer draws its weights: a variational layer may be used at its mean."""
    return isinstance(node.layer, SeededVariational) and node.call_kwargs.get("seed") is not None


def _drops_elements(node) -> bool:
    """Whether a call of a layer drops elements one by one, by their places."""
    layer, draws = node.layer, node.call_kwargs.get("seed") is not None
    return isinstance(layer, SeededDropout) and draws and layer.depends_on_place(node.call_args[0].shape)


def _convolve(layer, inputs, kernel):
    return tf.nn.convolution(
        inputs, kernel, strides=layer.strides, padding=layer.padding.upper(), dilations=layer.dilation_rate
    )


class _Splitter:
    def __init__(self, model: tf_keras.Model):
        self._image, self._seed = model.inputs
        self._output = model.outputs[0]
        self._reached = {id(self._seed): True, id(self._image): False}
        self._features: list = []  # tensors of the prefix
        self._inputs: list = []  # where the suffix takes them
        self._rebuilt = {id(self._seed): tf_keras.Input(batch_shape=self._seed.shape, dtype=self._seed.dtype)}
        self._variational: list = []
        self._widths: list = []  # where the suffix takes those of the variational layers
        rank = len(self._image.shape) - 2
        self._corner = tf_keras.Input(batch_shape=(None, rank), dtype=tf.int32)
        self._grid = (1,) * rank

    def split(self) -> SplitNetwork:
        output = self._rebuild(self._output)
        if any(output is given for given in self._inputs):  # nothing is random: the suffix passes the output on
            output = tf_keras.layers.Activation("linear")(output)
        suffix = tf_keras.Model([*self._inputs, *self._widths, self._corner, self._rebuilt[id(self._seed)]], output)
        return SplitNetwork(tf_keras.Model(self._image, self._features), suffix, tuple(self._variational), self._grid)

    def _depends(self, tensor) -> bool:
        if id(tensor) not in self._reached:
            self._reached[id(tensor)] = any(self._depends(parent) for parent in tensor.node.keras_inputs)
        return self._reached[id(tensor)]

    def _rebuild(self, tensor):
        """The suffix's counterpart of a tensor."""
        if id(tensor) not in self._rebuilt:
            if not self._depends(tensor):
                self._rebuilt[id(tensor)] = self._feature(tensor)
            elif parts := _concatenated(tensor):
                self._rebuilt[id(tensor)] = self._sum_of_parts(tensor.node, parts)
            else:
                self._rebuilt[id(tensor)] = self._call_again(tensor.node)
        return self._rebuilt[id(tensor)]

    def _feature(self, tensor):
        self._features.append(tensor)
        self._inputs.append(tf_keras.Input(tensor.shape[1:], dtype=tensor.dtype))
        return self._inputs[-1]

    def _call_again(self, node):
        def counterpart(value):
            return self._rebuild(value) if tf_keras.backend.is_keras_tensor(value) else value

        arguments = tf.nest.map_structure(counterpart, (node.call_args, node.call_kwargs))
        return node.layer(*arguments[0], **arguments[1] | self._width(node) | self._place(node))

    def _place(self, node) -> dict:
        """Where the layer's inputs begin, on their own grid.

        A network whose output has no space sees whole images. A map that has one element along an axis has no places there: what is
        dropped of it is the same in every window, as whole channels are.
        """
        is_dense = len(self._output.shape) == len(self._image.shape)
        if not is_dense or not _drops_elements(node):
            return {}
        space = node.call_args[0].shape[1:-1]
        strides, has_places = self._strides(node.layer, space), [int(size > 1) for size in space]
        spans = [stride**has for stride, has in zip(strides, has_places, strict=True)]
        self._grid = tuple(math.lcm(*pair) for pair in zip(self._grid, spans, strict=True))
        return {"corner": self._corner // tf.constant(strides) * tf.constant(has_places)}

    def _strides(self, layer, space) -> list[int]:
        """Voxels along each axis that an element of a map spans."""
        patch = self._image.shape[1:-1]
        if any(size % part for size, part in zip(patch, space, strict=True)):
            raise ValueError(
                f"{layer.name}: drops elements of a map {tuple(space)}, which does not divide the patch {tuple(patch)}"
            )
        return [size // part for size, part in zip(patch, space, strict=True)]

    def _width(self, node) -> dict:
        if not _draws_weights(node):
            return {}
        self._variational.append(node.layer)
        self._widths.append(tf_keras.Input(batch_shape=node.layer.width.shape))
        return {"width": self._widths[-1]}

    def _sum_of_parts(self, node, parts):
        convolution, draws, start = node.layer, _draws_weights(node), 0
        drawn, slices, shares = [], [], []
        for part in parts:
            channels = slice(start, start + part.shape[-1])
            if draws or self._depends(part):
                drawn.append(self._rebuild(part))
                slices.append(channels)
            else:
                shares.append(self._feature(_Share(convolution, channels)(part)))
            start = channels.stop
        draw = {"seed": self._rebuild(self._seed), **self._width(node)} if draws else {}
        return _ConvolutionOfParts(convolution, slices)(drawn, shares=shares, **draw)


def _concatenated(tensor) -> list:
    """The parts that a convolution sees concatenated."""
    if not isinstance(tensor.node.layer, _CONVOLUTIONS):
        return []
    joined = tensor.node.keras_inputs[0].node
    return joined.keras_inputs if isinstance(joined.layer, tf_keras.layers.Concatenate) else []
