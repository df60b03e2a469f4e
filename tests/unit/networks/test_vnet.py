"""V-Net: what it is made of."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.support.networks import count, network, require_dropout_everywhere
from tfuq.networks.blocks import ConvolutionStyle, Head
from tfuq.networks.layers import LayerFactory, SeededDropout
from tfuq.networks.vnet import vnet

SEED = tf.constant([1, 2])


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


def test_every_dropout_acts(tmp_path):
    require_dropout_everywhere(tmp_path, "vnet", convolutions=9 + 3 + 6 + 3)


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


def test_a_stage_of_an_image_of_other_channels_is_projected_and_no_other():
    layers = LayerFactory()
    image = tf_keras.Input((8, 8, 2))
    options = {"style": ConvolutionStyle(rank=2), "level_dropout": {}, "upsample_dropout": 0.0}
    logits = vnet(layers, image, outputs=1, widths=[4, 6], kernel_size=3, head=Head(), **options)
    model = tf_keras.Model([image, layers.seed], logits)
    projections = [layer for layer in model.layers if layer.name.endswith("projection")]
    assert [layer.name for layer in projections] == ["encoder1_projection"]
    assert projections[0].kernel.shape == (1, 1, 2, 4)
    assert model.output_shape == (None, 8, 8, 1)
