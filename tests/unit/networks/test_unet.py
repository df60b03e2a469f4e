"""U-Net: what it is made of."""

import itertools

import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq import config as configuration
from tfuq.networks import build_network, count_layers
from tfuq.networks.blocks import ConvolutionStyle, Head
from tfuq.networks.layers import (
    LayerFactory,
    SeededDropout,
)
from tfuq.networks.unet import unet
from tfuq.sampling.members import build_member

SEED = tf.constant([1, 2])


def test_published_network_is_exact():
    config = configuration.load("iseg2017", ("method=mc-dropout",))
    model = build_member(config, channels=2)
    assert count_layers(model) == 39
    assert model.count_params() == 485_885
    training = config.training
    assert (training.epochs, training.batch_size, training.loss.name) == (30, 16, "cross-entropy")
    assert config.prediction.samples == 100
    rates = {layer.name: layer.rate for layer in model.layers if isinstance(layer, SeededDropout)}
    assert rates == {"encoder4_dropout": 0.5, "encoder5_dropout": 0.5}


# These have each pair of values; the slow tests have all rows.
FAST = {
    ("relu", "none", 3),
    ("elu", "none", 2),
    ("relu", "group", 2),
    ("elu", "group", 3),
    ("relu", "instance", 3),
    ("elu", "instance", 2),
}
CHOICES = itertools.product(("relu", "elu"), ("none", "group", "instance"), (2, 3))
ROWS = [
    pytest.param(*choice, marks=[] if choice in FAST else pytest.mark.slow) for choice in CHOICES
]


@pytest.mark.parametrize(("activation", "normalization", "rank"), ROWS)
def test_unet_is_rank_generic_and_configurable(tmp_path, rank, normalization, activation):
    network = {
        "normalization": normalization,
        "activation": activation,
        "widths": [4, 8, 12],
        "dropout_after_each": 0.1,
    }
    config = settings(tmp_path, rank=rank, network=network)
    model = build_network(config.network, LayerFactory(), channels=2, outputs=3 if rank == 3 else 1)
    shape = (2, *config.network.patch_size, 2)
    logits = model([tf.random.stateless_normal(shape, SEED), SEED])
    assert logits.shape == (*shape[:-1], 3 if rank == 3 else 1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert ("GroupNormalization" in kinds) == (normalization != "none")
    assert kinds.count("SeededDropout") == 12 + len(config.network.level_dropout)
    assert any("3D" in kind for kind in kinds) == (rank == 3)


# What we build on in TensorFlow Probability; a release that changes one of these should tell us.


def test_levels_meet_at_their_sizes():
    layers = LayerFactory()
    image = tf_keras.Input((16, 8, 2))
    logits = unet(
        layers,
        image,
        outputs=3,
        widths=[4, 6, 8],
        style=ConvolutionStyle(rank=2),
        level_dropout={},
        upsample_dropout=0.3,
        head=Head(),
    )
    model = tf_keras.Model([image, layers.seed], logits)
    shapes = {layer.name: layer.output_shape[1:] for layer in model.layers}
    assert shapes["encoder3_conv2"] == (4, 2, 8)
    assert shapes["decoder2_concat"] == (8, 4, 12)
    assert shapes["decoder1_concat"] == (16, 8, 8)
    assert shapes["logits"] == (16, 8, 3)
    dropped = [layer.name for layer in model.layers if isinstance(layer, SeededDropout)]
    assert sorted(dropped) == ["decoder1_dropout", "decoder2_dropout"]
