"""Small networks of each architecture, and what they are made of."""

from tests.conftest import settings
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory


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
