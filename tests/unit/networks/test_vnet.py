"""V-Net and FCN: what they are made of."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tests.support import references
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory, LinearUpsampling, SeededDropout

SEED = tf.constant([1, 2])


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


@pytest.mark.parametrize("rank", [2, 3])
def test_vnet_has_the_stages_of_the_paper(tmp_path, rank):
    model = network(tmp_path, "vnet", rank)
    sizes = {
        layer.name: layer.kernel_size[0]
        for layer in model.layers
        if isinstance(layer, tf_keras.layers.Conv2D)
    }
    assert (
        rank == 3
        or [sizes[f"encoder{level}_conv{min(level, 3)}"] for level in (1, 2, 3, 4)] == [5] * 4
    )
    assert (
        count(model, f"Conv{rank}D") == (1 + 2 + 3 + 3) + 1 + 3 + (1 + 2 + 3) + 3 + 1
    )  # down, projection, strided, up, ×2, logits
    assert (
        count(model, "PReLU") == count(model, f"Conv{rank}D") - 2
    )  # not after the projection and the logits
    assert count(model, "MaxPooling") == 0
    shapes = {layer.name: layer.output_shape[1:] for layer in model.layers}
    assert shapes["encoder4_add"] == (2,) * rank + (8,)
    assert shapes["decoder1_add"] == (16,) * rank + (
        6,
    )  # of both its parts, as the paper's right side


def test_a_stage_of_vnet_learns_what_to_add_to_its_input(tmp_path):
    model = network(tmp_path, "vnet")
    for layer in model.layers:
        if layer.name.startswith("encoder3_conv"):
            layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    inside = tf_keras.Model(
        model.inputs, [model.get_layer(n).output for n in ("down2_conv_prelu", "encoder3_add")]
    )
    given, added = inside([tf.random.stateless_normal([2, 16, 16, 2], SEED), SEED])
    np.testing.assert_array_equal(given, added)


def test_fcn_sums_the_scores_of_its_last_three_levels(tmp_path):
    model = network(tmp_path, "fcn")
    scores = [model.get_layer(f"score{level}").output for level in (2, 3, 4)]
    assert [score.shape[1:] for score in scores] == [(4, 4, 3), (2, 2, 3), (1, 1, 3)]
    assert "score1" not in {layer.name for layer in model.layers}
    inside = tf_keras.Model(model.inputs, [*scores, model.output])
    two, three, four, logits = inside([tf.random.stateless_normal([1, 16, 16, 2], SEED), SEED])
    for k in range(3):
        total = references.linearly_enlarged(four.numpy()[0, ..., k], 2) + three.numpy()[0, ..., k]
        total = references.linearly_enlarged(total, 2) + two.numpy()[0, ..., k]
        np.testing.assert_allclose(
            logits[0, ..., k], references.linearly_enlarged(total, 4), atol=1e-5
        )


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 5)])
@pytest.mark.parametrize("factor", [2, 4])
def test_linear_upsampling_against_the_reference(shape, factor):
    x = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    found = LinearUpsampling(factor)(x).numpy()
    for n in range(2):
        for c in range(3):
            np.testing.assert_allclose(
                found[n, ..., c], references.linearly_enlarged(x[n, ..., c], factor), atol=1e-5
            )


@pytest.mark.parametrize("name", ["vnet", "fcn"])
def test_every_dropout_acts(tmp_path, name):
    convolutions = {"vnet": 9 + 3 + 6 + 3, "fcn": 8 + 2}[name]
    options = {
        "level_dropout": {1: 0.1, 4: 0.2},
        "dropout_after_each": 0.05,
        "spatial_dropout": True,
        "widths": [8] * 4,
    }
    model = network(tmp_path, name, **options)
    rates = [layer.rate for layer in model.layers if isinstance(layer, SeededDropout)]
    assert sorted(rates) == [0.05] * convolutions + [0.1, 0.2]
    assert all(layer.spatial for layer in model.layers if isinstance(layer, SeededDropout))
    x = tf.random.stateless_normal([1, 16, 16, 2], SEED)
    assert not np.array_equal(model([x, SEED]), model([x, tf.constant([1, 3])]))


def test_dropout_after_upsampling_of_vnet_acts(tmp_path):
    model = network(tmp_path, "vnet", upsample_dropout=0.4)
    assert [layer.rate for layer in model.layers if isinstance(layer, SeededDropout)] == [0.4] * 3


@pytest.mark.parametrize("normalization", ["group", "instance"])
def test_normalization_goes_before_the_activation(tmp_path, normalization):
    model = network(tmp_path, "vnet", normalization=normalization, head_filters=4)
    before = model.get_layer("encoder1_add").input[1].node.layer.name
    assert before == "encoder1_conv1_norm"
    assert (
        model.get_layer("head_conv_prelu").input.node.layer.name == "head_conv"
    )  # the head has no normalization
