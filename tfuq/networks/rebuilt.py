"""A network whose layers are called again, without one of the tensors that they were given."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras


@tf.autograph.experimental.do_not_convert
def output_without(model: tf_keras.Model, left_out: tf.Tensor) -> tf.Tensor:
    """The first output of a network, none of whose layers is given a tensor.

    The same layers are called again, and None takes the tensor's place among their arguments. What
    the tensor alone is made of is not called.

    Args:
        model: The network.
        left_out: An input of the network, or a result of one of its layers.
    """
    rebuilt = {}
    for tensor in model.inputs:
        rebuilt[id(tensor)] = tensor

    def counterpart(value: Any) -> Any:
        if value is left_out:
            return None
        if not tf_keras.backend.is_keras_tensor(value):
            return value
        if id(value) not in rebuilt:
            node = value.node
            call = (node.call_args, node.call_kwargs)
            arguments, options = tf.nest.map_structure(counterpart, call)
            rebuilt[id(value)] = node.layer(*arguments, **options)
        return rebuilt[id(value)]

    return counterpart(model.outputs[0])
