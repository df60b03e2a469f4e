"""Group normalization against that of tf_keras and against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks.normalization import GroupNormalization

SHAPES = [(2, 9, 7, 5, 8), (3, 6, 11, 16), (2, 1, 1, 24), (5, 8)]
GROUPS = [-1, 1, 4, 8]


def with_weights(layer, shape, weights):
    layer.build(shape)
    layer.set_weights(weights)
    return layer


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.fixture(params=GROUPS)
def groups(request):
    return request.param


@pytest.fixture
def weights(shape):
    rng = np.random.default_rng(1)
    return [rng.normal(1, 0.3, shape[-1]), rng.normal(0, 0.3, shape[-1])]


@pytest.fixture
def image(shape):
    return np.random.default_rng(0).normal(3, 2, shape).astype(np.float32)


def test_numbers_are_those_of_tf_keras_to_the_bit(shape, groups, weights, image):
    """Runs and exports of earlier versions predict as they did."""
    theirs = with_weights(tf_keras.layers.GroupNormalization(groups=groups), shape, weights)
    ours = with_weights(GroupNormalization(groups=groups), shape, weights)
    assert [weight.name for weight in ours.weights] == [weight.name for weight in theirs.weights]
    expected, found = tf.function(theirs)(image), tf.function(ours)(image)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_values_are_those_of_the_paper(shape, groups, weights, image):
    layer = with_weights(GroupNormalization(groups=groups), shape, weights)
    channels = shape[-1]
    of_group = channels // (channels if groups == -1 else groups)
    expected = np.empty(shape)
    for example in range(shape[0]):
        for first in range(0, channels, of_group):
            values = image[example, ..., first : first + of_group].astype(float)
            expected[example, ..., first : first + of_group] = (values - values.mean()) / np.sqrt(
                values.var() + layer.epsilon
            )
    expected = expected * weights[0] + weights[1]
    np.testing.assert_allclose(layer(image).numpy(), expected, atol=2e-4)


@pytest.mark.parametrize("shape", SHAPES[:2], ids=str)
def test_gradients_are_those_of_tf_keras(shape, groups, weights, image):
    """Where a group has more than a few values; of one alone, both are nothing but rounding."""
    gradients = []
    for kind in (tf_keras.layers.GroupNormalization, GroupNormalization):
        layer = with_weights(kind(groups=groups), shape, weights)
        x = tf.constant(image)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x) ** 2 * x)
        gradients.append(tape.gradient(loss, [x, layer.gamma, layer.beta]))
    for theirs, ours in zip(*gradients, strict=True):
        scale = float(tf.reduce_max(tf.abs(theirs)))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-5 * max(scale, 1))


def test_a_graph_has_less_than_half_of_the_operations(shape, weights, image):
    counts = []
    for kind in (tf_keras.layers.GroupNormalization, GroupNormalization):
        layer = with_weights(kind(groups=-1), shape, weights)
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec([None, *shape[1:]])).graph
        counts.append(len(graph.get_operations()))
    assert counts[1] < counts[0] / 2
