"""The deterministic prefix: what of a network does not depend on its seed, found by reachability in the functional graph."""

from __future__ import annotations

import tensorflow as tf
import tf_keras

_PLAIN_CONVOLUTIONS = (tf_keras.layers.Conv2D, tf_keras.layers.Conv3D)


def split_at_seed(model: tf_keras.Model) -> tuple[tf_keras.Model, tf_keras.Model]:
    """Split ``(image, seed) → output`` into ``image → features`` and ``(*features, seed) → output``, sharing all variables.

    The features are the tensors where a walk back from the output first meets what the seed does not reach. An ordinary
    convolution of a concatenation is the sum of a convolution of each part, so the deterministic parts of it (a U-Net's
    skip connections) are convolved in the prefix too. A network that never uses its seed is all prefix.
    """
    return _Split(model).models()


class _PartialConvolution(tf_keras.layers.Layer):
    """The share of ``convolution`` that comes from some of its input channels, before bias and activation."""

    def __init__(self, convolution, start: int, stop: int, *, with_bias: bool):
        super().__init__()
        self._of, self._channels, self._with_bias = convolution, slice(start, stop), with_bias

    def call(self, inputs):
        share = tf.nn.convolution(inputs, self._of.kernel[..., self._channels, :], padding=self._of.padding.upper())
        return tf.nn.bias_add(share, self._of.bias) if self._with_bias else share


class _Split:
    def __init__(self, model: tf_keras.Model):
        self._image, self._seed = model.inputs
        self._output = model.outputs[0]
        self._reached = {id(self._seed): True, id(self._image): False}
        self._features: list = []  # tensors of the prefix
        self._inputs: list = []  # where the suffix takes them
        self._rebuilt = {id(self._seed): tf_keras.Input(batch_shape=self._seed.shape, dtype=self._seed.dtype)}

    def models(self) -> tuple[tf_keras.Model, tf_keras.Model]:
        output = self._rebuild(self._output)
        if output is self._inputs[-1]:  # nothing is random: the suffix passes the output on
            output = tf_keras.layers.Activation("linear")(output)
        suffix = tf_keras.Model([*self._inputs, self._rebuilt[id(self._seed)]], output)
        return tf_keras.Model(self._image, self._features), suffix

    def _depends(self, tensor) -> bool:
        if id(tensor) not in self._reached:
            self._reached[id(tensor)] = any(self._depends(parent) for parent in tensor.node.keras_inputs)
        return self._reached[id(tensor)]

    def _rebuild(self, tensor):
        """The suffix's counterpart of a tensor."""
        if id(tensor) not in self._rebuilt:
            if not self._depends(tensor):
                self._rebuilt[id(tensor)] = self._feature(tensor)
            elif parts := self._separable(tensor):
                self._rebuilt[id(tensor)] = self._sum_of_parts(tensor.node.layer, parts)
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

        return node.layer(
            *tf.nest.map_structure(counterpart, node.call_args), **tf.nest.map_structure(counterpart, node.call_kwargs)
        )

    def _separable(self, tensor) -> list:
        """The parts that an ordinary convolution sees concatenated, if some of them are deterministic."""
        if not isinstance(tensor.node.layer, _PLAIN_CONVOLUTIONS):
            return []
        joined = tensor.node.keras_inputs[0].node
        parts = joined.keras_inputs
        is_mixed = isinstance(joined.layer, tf_keras.layers.Concatenate) and not all(map(self._depends, parts))
        return parts if is_mixed else []

    def _sum_of_parts(self, convolution, parts):
        shares, start = [], 0
        for part in parts:
            stop = start + part.shape[-1]
            partial = _PartialConvolution(convolution, start, stop, with_bias=start == 0)
            shares.append(partial(self._rebuild(part)) if self._depends(part) else self._feature(partial(part)))
            start = stop
        return tf_keras.layers.Activation(convolution.activation)(tf_keras.layers.Add()(shares))
