"""The residual network: what it is made of."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.layers import LayerFactory, SeededDropout
from tfuq.networks.resnet import resnet

SEED = tf.constant([1, 2])


def network(widths=(4, 8), blocks=2, level_dropout=None, **style):
    layers = LayerFactory()
    image = tf_keras.Input((32, 32, 1))
    logits = resnet(
        layers,
        image,
        outputs=3,
        widths=widths,
        blocks=[blocks] * len(widths),
        style=ConvolutionStyle(rank=2, **style),
        level_dropout=level_dropout or {},
    )
    return tf_keras.Model([image, layers.seed], logits)


def test_it_has_the_weights_of_its_blocks():
    """A stem, then two blocks of two convolutions in each stage, and one projection."""

    def convolution(size, channels, filters):
        return size * size * channels * filters + filters

    first = convolution(3, 1, 4) + 4 * convolution(3, 4, 4)
    second = convolution(3, 4, 8) + 3 * convolution(3, 8, 8) + convolution(1, 4, 8)
    assert network().count_params() == first + second + 8 * 3 + 3
    assert network()([tf.zeros([5, 32, 32, 1]), SEED]).shape == (5, 3)


def test_every_stage_but_the_first_halves_the_image():
    model = network(widths=(4, 8, 8))
    sizes = [model.get_layer(f"stage{stage}_block2_add").output_shape[1:3] for stage in (1, 2, 3)]
    assert sizes == [(32, 32), (16, 16), (8, 8)]


@pytest.mark.parametrize("normalization", ["none", "instance"])
def test_a_block_without_weights_passes_its_input_on(normalization):
    """As in a network whose blocks all add nothing: what is left is the stem."""
    model = network(widths=(4, 4), blocks=1, normalization=normalization)
    block = [layer for layer in model.layers if layer.name.startswith("stage1_block1_conv2")]
    for layer in block:
        layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    x = tf.random.stateless_normal([1, 32, 32, 1], SEED)
    names = ["stem" if normalization == "none" else "stem_activation", "stage1_block1_add"]
    outputs = [model.get_layer(name).output for name in names]
    stem, added = tf_keras.Model(model.inputs, outputs)([x, SEED])
    np.testing.assert_array_equal(stem, added)


def test_dropout_follows_the_stages_that_are_named():
    model = network(level_dropout={2: 0.5})
    rates = {layer.name: layer.rate for layer in model.layers if isinstance(layer, SeededDropout)}
    assert rates == {"stage2_dropout": 0.5}
    x = tf.random.stateless_normal([1, 32, 32, 1], SEED)
    assert not np.array_equal(model([x, SEED]), model([x, tf.constant([1, 3])]))
