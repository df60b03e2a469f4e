"""A network without its draws, on the same variables."""

from __future__ import annotations

import tensorflow as tf
import tf_keras


def at_its_means(model: tf_keras.Model) -> tf_keras.Model:
    """``(image, seed) → output`` of the same layers, none of which is given the seed: each is its own mean (see `tfuq.layers`).

    It is the network that is built with nothing to draw, but for sharing this one's variables.
    """
    image, seed = model.inputs
    called = {id(image): image}

    def counterpart(value):
        if value is seed:
            return None
        if not tf_keras.backend.is_keras_tensor(value):
            return value
        if id(value) not in called:
            arguments, options = tf.nest.map_structure(counterpart, (value.node.call_args, value.node.call_kwargs))
            called[id(value)] = value.node.layer(*arguments, **options)
        return called[id(value)]

    return tf_keras.Model([image, seed], counterpart(model.outputs[0]))
