"""The deterministic prefix: what of a network does not depend on its seed, found by reachability in the functional graph."""

from __future__ import annotations

import tf_keras


def split_at_seed(model: tf_keras.Model) -> tuple[tf_keras.Model, tf_keras.Model]:
    """Split ``(image, seed) → output`` into ``image → features`` and ``(*features, seed) → output``, sharing all layers.

    The features are the tensors where a walk back from the output first meets what the seed does not reach. A network that
    never uses its seed is all prefix.
    """
    image, seed = model.inputs
    output = model.outputs[0]
    reached: dict[int, bool] = {id(seed): True, id(image): False}

    def depends(tensor) -> bool:
        if id(tensor) not in reached:
            reached[id(tensor)] = any(depends(parent) for parent in _parents(tensor))
        return reached[id(tensor)]

    if not depends(output):
        return tf_keras.Model(image, [output]), _identity(output, seed)
    features, seen = [], {id(seed)}

    def walk(tensor) -> None:
        if id(tensor) in seen:
            return
        seen.add(id(tensor))
        if not depends(tensor):
            features.append(tensor)
            return
        for parent in _parents(tensor):
            walk(parent)

    walk(output)
    return tf_keras.Model(image, features), tf_keras.Model([*features, seed], output)


def _parents(tensor):
    return tensor.node.keras_inputs


def _identity(output, seed) -> tf_keras.Model:
    passed = tf_keras.Input(output.shape[1:], dtype=output.dtype)
    unused = tf_keras.Input(batch_shape=seed.shape, dtype=seed.dtype)
    return tf_keras.Model([passed, unused], tf_keras.layers.Activation("linear")(passed))
