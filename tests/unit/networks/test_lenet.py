"""LeNet: what it is made of."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.layers import LayerFactory, SeededDropout
from tfuq.networks.lenet import lenet

SEED = tf.constant([1, 2])


def network(size=28, level_dropout=None):
    layers = LayerFactory()
    image = tf_keras.Input((size, size, 1))
    logits = lenet(
        layers,
        image,
        outputs=10,
        widths=[6, 16],
        dense_widths=[120, 84],
        style=ConvolutionStyle(rank=2),
        level_dropout=level_dropout or {},
    )
    return tf_keras.Model([image, layers.seed], logits)


def test_it_has_the_weights_of_the_paper_s_fully_connected_variant():
    """28 → 28 → 14 → 10 → 5 pixels, of 6 and 16 maps."""
    sizes = [5 * 5 * 6 + 6, 5 * 5 * 6 * 16 + 16, 400 * 120 + 120, 120 * 84 + 84, 84 * 10 + 10]
    model = network()
    assert model.count_params() == sum(sizes)
    assert model.get_layer("pool2").output_shape == (None, 5, 5, 16)
    assert model([tf.zeros([3, 28, 28, 1]), SEED]).shape == (3, 10)


def test_levels_of_dropout_count_through_convolutions_and_dense_layers():
    model = network(level_dropout={2: 0.25, 3: 0.5})
    rates = {layer.name: layer.rate for layer in model.layers if isinstance(layer, SeededDropout)}
    assert rates == {"dropout2": 0.25, "dropout3": 0.5}
    x = tf.random.stateless_normal([1, 28, 28, 1], SEED)
    assert not np.array_equal(model([x, SEED]), model([x, tf.constant([1, 3])]))


@pytest.mark.parametrize(("size", "pixels"), [(12, 1), (32, 6)])
def test_the_first_convolution_alone_keeps_the_size(size, pixels):
    assert network(size).get_layer("pool2").output_shape[1] == pixels
