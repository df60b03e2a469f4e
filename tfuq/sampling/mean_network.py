"""A network without its randomness, on the same variables."""

from __future__ import annotations

import tf_keras

from tfuq.networks.rebuilt import output_without


def at_its_means(model: tf_keras.Model) -> tf_keras.Model:
    """The network of the same layers, none of which is given the seed.

    Each layer is then its own mean (see `tfuq.networks.layers`). The result equals a network that
    is built without sources of randomness, but shares this one's variables.

    Args:
        model: ``(image, seed) → output``.

    Returns:
        ``(image, seed) → output``, which the seed does not change.
    """
    _, seed = model.inputs
    return tf_keras.Model(model.inputs, output_without(model, seed))
