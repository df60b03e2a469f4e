"""A sampling graph that went through a SavedModel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from tfuq.sampling.sampler import Sampler


def saved_and_loaded(sampler: Sampler, folder: Path) -> Callable[..., dict[str, tf.Tensor]]:
    """Save a sampler's graph and load it.

    What is saved is a module of the graph's variables alone, as `tfuq.serving.exporting` does.
    Of a module that holds the networks, Keras would trace every layer anew, which takes seconds.

    Args:
        sampler: Whose graph it is.
        folder: Where the SavedModel is written.

    Returns:
        The loaded function of ``image``, ``seed`` and ``num_samples``.
    """
    graph = sampler.sample.get_concrete_function()
    root = tf.Module()
    root.weights = list(graph.graph.variables)
    tf.saved_model.save(root, str(folder), signatures=graph)
    return tf.saved_model.load(str(folder)).signatures["serving_default"]
