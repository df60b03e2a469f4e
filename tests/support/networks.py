"""Small networks of each architecture, and what they are made of."""

import numpy as np
import tensorflow as tf

from tests.conftest import settings
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory, SeededDropout


def network(tmp_path, name, rank=2, **changes):
    config = settings(
        tmp_path,
        "deterministic",
        rank,
        network={"name": name, "widths": [3, 4, 6, 8], "level_dropout": {}} | changes,
    )
    return build_network(config.network, LayerFactory(), channels=2, outputs=3)


def count(model, kind):
    return sum(type(layer).__name__.startswith(kind) for layer in model.layers)


def require_dropout_everywhere(tmp_path, name, *, convolutions):
    """An architecture drops out after each convolution and at the levels that it is told, and another seed drops others."""
    options = {
        "level_dropout": {1: 0.1, 4: 0.2},
        "dropout_after_each": 0.05,
        "spatial_dropout": True,
        "widths": [8] * 4,
    }
    model = network(tmp_path, name, **options)
    dropouts = [layer for layer in model.layers if isinstance(layer, SeededDropout)]
    assert sorted(layer.rate for layer in dropouts) == [0.05] * convolutions + [0.1, 0.2]
    assert all(layer.spatial for layer in dropouts)
    seed = tf.constant([1, 2])
    x = tf.random.stateless_normal([1, 16, 16, 2], seed)
    assert not np.array_equal(model([x, seed]), model([x, tf.constant([1, 3])]))
