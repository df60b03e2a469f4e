"""A network without its randomness, on the same variables."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras


@tf.autograph.experimental.do_not_convert
def at_its_means(model: tf_keras.Model) -> tf_keras.Model:
    """The network of the same layers, none of which is given the seed.

    Each layer is then its own mean (see `tfuq.networks.layers`). The result equals a network that
    is built without sources of randomness, but shares this one's variables.

    Args:
        model: ``(image, seed) → output``.

    Returns:
        ``(image, seed) → output``, which the seed does not change.
    """
    image, seed = model.inputs
    rebuilt = {id(image): image}

    def counterpart(value: Any) -> Any:
        if value is seed:
            return None
        if not tf_keras.backend.is_keras_tensor(value):
            return value
        if id(value) not in rebuilt:
            node = value.node
            call = (node.call_args, node.call_kwargs)
            arguments, options = tf.nest.map_structure(counterpart, call)
            rebuilt[id(value)] = node.layer(*arguments, **options)
        return rebuilt[id(value)]

    output = counterpart(model.outputs[0])
    return tf_keras.Model([image, seed], output)
