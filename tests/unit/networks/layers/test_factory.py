"""The factory of layers: ordinary or variational, connected to the seed or at their means."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.networks.layers.factory import SOURCES, LayerFactory
from tfuq.networks.layers.variational import GaussianPosterior

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])
WIDE = GaussianPosterior(initial_scale=0.5)


def built(factory):
    """A network with a layer of each source of randomness."""
    image = tf_keras.Input((4, 4, 2))
    x = factory.conv(3, 3, rank=2, name="conv")(image)
    x = factory.dropout(0.5, name="drop")(x)
    x = tf_keras.layers.GlobalAveragePooling2D()(x)
    x = factory.dense(4, name="dense")(x)
    x = factory.code(kl_scale=1.0, initial_scale=0.5, name="code")(x)
    x = factory.low_rank_logits(2, name="logits")(factory.dense(4, name="gaussian")(x))
    return tf_keras.Model([image, factory.seed], x)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_alone_is_random_and_the_others_are_at_their_means(source):
    models = [built(LayerFactory(weights=WIDE, sources=names)) for names in ((source,), ())]
    models[1].set_weights(models[0].get_weights())
    x = tf.random.stateless_normal([2, 4, 4, 2], SEED)
    one, other = (models[0]([x, seed]).numpy() for seed in (SEED, OTHER))
    assert not np.allclose(one, other)
    means = [models[1]([x, seed]).numpy() for seed in (SEED, OTHER)]
    np.testing.assert_array_equal(*means)
    assert not np.allclose(one, means[0])


def test_variables_do_not_depend_on_what_is_connected():
    names = []
    for sources in (SOURCES, ()):
        model = built(LayerFactory(weights=WIDE, sources=sources))
        names.append([(variable.name, variable.shape) for variable in model.weights])
    assert names[0] == names[1]


def test_point_weights_are_those_of_ordinary_layers():
    model = built(LayerFactory())
    assert isinstance(model.get_layer("conv"), tf_keras.layers.Conv2D)
    names = {variable.name for variable in model.get_layer("dense").weights}
    assert names == {"dense/kernel:0", "dense/bias:0"}


@pytest.mark.parametrize("weights", [None, WIDE], ids=["point", "variational"])
def test_a_convolution_keeps_the_size_unless_it_is_told_otherwise(weights):
    factory, x = LayerFactory(weights=weights), tf_keras.Input((7, 6, 5, 1))
    assert factory.conv(2, 3, rank=3, name="same")(x).shape[1:] == (7, 6, 5, 2)
    assert factory.conv(2, 3, rank=3, name="less", padding="valid")(x).shape[1:] == (5, 4, 3, 2)
    assert factory.conv(2, 2, rank=3, name="half", strides=2)(x).shape[1:] == (4, 3, 3, 2)


@pytest.mark.parametrize(
    ("channels", "strides", "weights"),
    [(1, 2, None), (3, (1, 2), None), (4, (1, 2), WIDE), (4, (3, 2), None), (20, 2, WIDE)],
)
def test_gradients_of_a_strided_convolution_of_size_one(channels, strides, weights):
    factory = LayerFactory(weights=weights, sources=())
    image = tf_keras.Input((13, 12, channels))
    output = factory.conv(8, 1, rank=2, name="conv", strides=strides)(image)
    model = tf_keras.Model([image, factory.seed], output)
    x = tf.random.stateless_normal([4, 13, 12, channels], SEED)
    kernel = model.trainable_variables[0]

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model([x, SEED]) ** 2)
        return tape.gradient(loss, kernel)

    rows, columns = (strides, strides) if isinstance(strides, int) else strides
    taken = x.numpy()[:, ::rows, ::columns].reshape(-1, channels).astype(np.float64)
    right = 2 * taken.T @ taken @ kernel.numpy()[0, 0]
    np.testing.assert_allclose(gradient()[0, 0], right, rtol=1e-4, atol=1e-3)
