"""Pieces that the architectures share."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks import blocks
from tfuq.networks.blocks import ConvolutionStyle, Head, StepUp
from tfuq.networks.layers import LayerFactory

IMAGE = {2: (8, 6, 3), 3: (8, 6, 4, 3)}


def kinds(build, shape=(8, 6, 3)):
    """Names of the layers' kinds, in their order, of what ``build(layers)`` makes of an image."""
    layers = LayerFactory()
    image = tf_keras.Input(shape)
    model = tf_keras.Model([image, layers.seed], build(layers)(image))
    return [type(layer).__name__ for layer in model.layers if layer not in model._input_layers]


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ({}, ["Conv2D"]),
        ({"activation": "prelu"}, ["Conv2D", "PReLU"]),
        ({"activation": "leaky-relu"}, ["Conv2D", "LeakyReLU"]),
        ({"normalization": "group"}, ["Conv2D", "GroupNormalization", "Activation"]),
        ({"normalization": "batch"}, ["Conv2D", "BatchNormalization", "Activation"]),
        ({"dropout_after_each": 0.1}, ["Conv2D", "SeededDropout"]),
    ],
)
def test_what_a_style_leaves_out_makes_no_layer(style, expected):
    style = ConvolutionStyle(rank=2, **style)
    found = kinds(lambda layers: blocks.convolution(layers, style, 4, 3, name="conv"))
    assert [kind for kind in found if kind != "InputLayer"] == expected


@pytest.mark.parametrize(("filters", "groups"), [(16, 8), (12, 4), (6, 2), (5, 1)])
def test_groups_divide_the_channels(filters, groups):
    style = ConvolutionStyle(rank=2, normalization="group")
    x = np.random.default_rng(0).normal(1, 2, (2, 8, 6, 3)).astype(np.float32)
    y = blocks.normalized_convolution(LayerFactory(), style, filters, 3, name="c")(tf.constant(x))
    by_group = y.numpy().reshape(2, 48, groups, filters // groups)
    np.testing.assert_allclose(by_group.mean((1, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(by_group.std((1, 3)), 1, atol=0.01)


def test_batch_statistics_are_those_of_the_batch_in_training_alone():
    style = ConvolutionStyle(rank=2, normalization="batch")
    image = tf_keras.Input((8, 6, 3))
    outputs = blocks.normalized_convolution(LayerFactory(), style, 4, 3, name="c")(image)
    network = tf_keras.Model(image, outputs)
    x = np.random.default_rng(0).normal(1, 2, (5, 8, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(network(x, training=True).numpy().mean((0, 1, 2)), 0, atol=1e-5)
    alone, together = network(x[:1], training=False), network(x, training=False)
    np.testing.assert_allclose(alone, together[:1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_a_transposed_step_up_is_one_convolution(rank):
    size = IMAGE[rank][:-1]
    style = ConvolutionStyle(rank=rank, upsampling="transposed")
    step = StepUp(layers=LayerFactory(), style=style, dropout=0.0)
    below = tf_keras.Input((*(n // 2 for n in size), 4))
    skip = tf_keras.Input((*size, 5))
    model = tf_keras.Model([below, skip], step(below, skip, level=1, width=2))
    assert model.output_shape == (None, *size, 7)
    weights = [layer for layer in model.layers if layer.weights]
    assert [type(layer).__name__ for layer in weights] == [f"Conv{rank}DTranspose"]


@pytest.mark.parametrize("rank", [2, 3])
def test_a_step_up_doubles_the_size_and_puts_the_skip_first(rank):
    size = IMAGE[rank][:-1]
    skip = tf.random.stateless_normal([1, *size, 5], [1, 2])
    below = tf.ones([1, *(n // 2 for n in size), 4])
    step = StepUp(layers=LayerFactory(), style=ConvolutionStyle(rank=rank), dropout=0.0)
    joined = step(below, skip, level=1, width=2)
    assert joined.shape == (1, *size, 7)
    np.testing.assert_array_equal(joined[..., :5], skip)


@pytest.mark.parametrize(
    ("head", "expected"), [(Head(), ["Conv2D"]), (Head(filters=4), ["Conv2D", "Conv2D"])]
)
def test_a_head_has_a_convolution_more_if_it_has_filters(head, expected):
    style = ConvolutionStyle(rank=2, normalization="group", dropout_after_each=0.5)
    found = kinds(lambda layers: head(layers, style, 3))
    assert [kind for kind in found if kind not in ("InputLayer", "Activation")] == expected


@pytest.mark.parametrize("rank", [2, 3])
def test_pooling_takes_the_largest_and_up_sampling_repeats(rank):
    x = tf.random.stateless_normal([1, *[4] * rank, 2], [3, 4])
    pooled = blocks.max_pool(rank, name="pool")(x)
    corners = x.numpy().reshape(1, *[2, 2] * rank, 2).max(tuple(range(2, 2 + 2 * rank, 2)))
    np.testing.assert_array_equal(pooled, corners)
    enlarged = blocks.upsample(2, name="up")(pooled).numpy()
    for axis in range(1, rank + 1):
        corners = corners.repeat(2, axis)
    np.testing.assert_array_equal(enlarged, corners)


def test_a_slope_of_prelu_is_that_of_a_channel():
    style = ConvolutionStyle(rank=2, activation="prelu")
    layer = blocks.activation(style, rank=2, name="conv")
    np.testing.assert_array_equal(layer(tf.fill([1, 3, 3, 2], -4.0)), np.full((1, 3, 3, 2), -1.0))
    assert layer.alpha.shape == (1, 1, 2)
