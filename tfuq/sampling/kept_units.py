"""Dense layers of a sample without the units that dropout drops.

One dropout mask serves all images of a sample. So a dense layer before the dropout computes only
the units that the mask keeps. A dense layer after the dropout multiplies the rows of its kernel by
the mask: there are fewer of them than elements of the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tf_keras

from tfuq.networks.layers import SeededDropout

Node = Any  # a call of a layer in Keras's functional graph; Keras has no public type of it
KerasTensor = Any


class DropoutFactors(tf_keras.layers.Layer):
    """What a dropout layer multiplies each unit of one image by: 0, or 1 / (1 - rate).

    Call arguments:
        seed: the network's seed.

    The result has the shape ``[units]``.
    """

    def __init__(self, dropout: SeededDropout, shape: Sequence[int]) -> None:
        """Make the layer.

        Args:
            dropout: whose factors are computed.
            shape: of its inputs, without the axis of the images.
        """
        super().__init__(name=dropout.name)
        self._dropout = dropout
        self._shape = tuple(shape)

    def call(self, seed: tf.Tensor) -> tf.Tensor:
        factors = self._dropout(tf.ones([1, *self._shape]), seed=seed, training=False)
        return tf.reshape(factors, [-1])


class KeptUnits(tf_keras.layers.Layer):
    """Indices ``[kept]`` of the units whose factors ``[units]`` are not zero."""

    def call(self, factors: tf.Tensor) -> tf.Tensor:
        return tf.where(factors > 0.0)[:, 0]


class DenseOfKept(tf_keras.layers.Layer):
    """A dense layer with point weights that leaves out units.

    Its activation must work element by element, as those of `NetworkConfig` do.

    Call arguments:
        inputs: ``[N, inputs]`` before dropout, or ``[N, kept]``, those of ``rows`` alone.
        factors: of the dropout of all inputs, ``[inputs]``; None where there is no dropout.
        rows: indices of the inputs that ``inputs`` has; None for all.
        columns: indices of the units to compute; None for all.
    """

    def __init__(self, dense: tf_keras.layers.Dense) -> None:
        """Make the layer.

        Args:
            dense: whose weights and activation are used.
        """
        super().__init__(name=dense.name)
        self._dense = dense

    def call(
        self,
        inputs: tf.Tensor,
        factors: tf.Tensor | None = None,
        rows: tf.Tensor | None = None,
        columns: tf.Tensor | None = None,
    ) -> tf.Tensor:
        kernel = self._dense.kernel
        bias = self._dense.bias
        if columns is not None:
            kernel = tf.gather(kernel, columns, axis=1)
            bias = tf.gather(bias, columns)
        if factors is not None:
            kernel = kernel * factors[:, None]
        if rows is not None:
            kernel = tf.gather(kernel, rows)
        sums = tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
        return self._dense.activation(sums)


@dataclass(frozen=True, kw_only=True)
class DroppedInputs:
    """The inputs of a dense layer before and after dropout.

    Attributes:
        dropout: the call of the dropout layer.
        flatten: the layer between dropout and dense layer that makes a row of a map, if any.
    """

    dropout: Node
    flatten: tf_keras.layers.Layer | None

    @property
    def before(self) -> KerasTensor:
        """What goes into the dropout layer."""
        return self.dropout.call_args[0]

    def factors(self, seed: KerasTensor) -> KerasTensor:
        """What the dropout multiplies each unit by, ``[units]``."""
        layer = DropoutFactors(self.dropout.layer, self.before.shape[1:])
        return layer(seed)

    def flat(self, inputs: KerasTensor) -> KerasTensor:
        """The inputs as the dense layer takes them, ``[N, inputs]``."""
        if self.flatten is None:
            return inputs
        return self.flatten(inputs)


def is_point_dense(tensor: KerasTensor) -> bool:
    """Whether a tensor is the result of a dense layer with point weights."""
    return isinstance(tensor.node.layer, tf_keras.layers.Dense)


def dropped_inputs(dense: Node) -> DroppedInputs | None:
    """The dropout that the inputs of a dense layer's call come from; None where there is none."""
    before = dense.keras_inputs[0].node
    flatten = None
    if isinstance(before.layer, tf_keras.layers.Flatten):
        flatten = before.layer
        before = before.keras_inputs[0].node
    is_random = before.call_kwargs.get("seed") is not None
    if not isinstance(before.layer, SeededDropout) or not is_random:
        return None
    return DroppedInputs(dropout=before, flatten=flatten)
