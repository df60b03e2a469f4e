"""Dense layers without the units that dropout drops, beside the network as it was built."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tfuq.config.network import NetworkConfig
from tfuq.networks import build_network
from tfuq.networks.layers import LayerFactory, SeededDropout
from tfuq.sampling.kept_units import DenseOfKept, DropoutFactors, KeptUnits
from tfuq.sampling.prefix import split_at_seed

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])
IMAGES = tf.random.stateless_normal([3, 12, 12, 1], SEED)


def lenet(**options):
    """A small LeNet with biases that are not zero."""
    tree = {"name": "lenet", "patch_size": [12, 12], "widths": [2, 4], "dense_widths": [9, 7]}
    config = NetworkConfig.model_validate(tree | options)
    model = build_network(config, LayerFactory(), channels=1, outputs=3)
    for weights in model.weights:
        if len(weights.shape) == 1:
            weights.assign(tf.random.stateless_normal(weights.shape, SEED))
    return model


def inputs_of_suffix(split, seed):
    features = tf.nest.flatten(split.prefix(IMAGES))
    return [*features, *split.widths(), tf.zeros([1, 2], tf.int32), seed]


def layers_of(model, kind):
    return [layer.name for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize("static_shapes", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"level_dropout": {2: 0.25, 3: 0.5}},
        {"level_dropout": {3: 0.5, 4: 0.5}},
        {"level_dropout": {1: 0.25, 2: 0.25, 4: 0.5}, "activation": "elu"},
        {"level_dropout": {2: 0.5, 3: 0.5, 4: 0.5}, "activation": "prelu"},
        {"level_dropout": {2: 0.5, 4: 0.6}, "spatial_dropout": True},
    ],
    ids=str,
)
def test_the_samples_are_those_of_the_network(options, static_shapes):
    model = lenet(**options)
    split = split_at_seed(model, static_shapes=static_shapes)
    for seed in (SEED, OTHER):
        sample = split.suffix(inputs_of_suffix(split, seed), training=False)
        np.testing.assert_allclose(sample, model([IMAGES, seed]), atol=1e-5)
    assert not np.array_equal(model([IMAGES, SEED]), model([IMAGES, OTHER]))


def test_no_unit_that_is_dropped_is_computed():
    model = lenet(level_dropout={2: 0.25, 3: 0.5, 4: 0.5})
    suffix = split_at_seed(model).suffix
    assert layers_of(suffix, DenseOfKept) == ["dense3", "dense4", "logits"]
    assert not layers_of(suffix, SeededDropout)
    widths = {name: suffix.get_layer(name).output.shape[-1] for name in ("dense3", "logits")}
    assert widths == {"dense3": None, "logits": 3}


def test_static_shapes_are_known_in_every_sample():
    suffix = split_at_seed(lenet(level_dropout={2: 0.25, 3: 0.5}), static_shapes=True).suffix
    assert layers_of(suffix, tf_keras.layers.Dense) == ["dense3", "dense4", "logits"]
    assert all(None not in layer.output.shape[1:] for layer in suffix.layers)


def test_a_layer_that_no_seed_reaches_computes_all_units_once():
    split = split_at_seed(lenet(level_dropout={4: 0.5}))
    assert {"dense3", "dense4"} <= {layer.name for layer in split.prefix.layers}
    assert layers_of(split.suffix, DenseOfKept) == ["logits"]


def test_factors_are_those_of_the_dropout_layer():
    dropout = SeededDropout(0.25, name="drop")
    factors = DropoutFactors(dropout, [2, 2, 5])(SEED)
    expected = dropout(tf.ones([3, 2, 2, 5]), seed=SEED)
    for dropped in expected:
        np.testing.assert_array_equal(factors, tf.reshape(dropped, [-1]))
    assert set(np.unique(factors)) == {0.0, np.float32(1 / 0.75)}


def test_kept_units_are_those_whose_factor_is_not_zero():
    assert KeptUnits()(tf.constant([2.0, 0.0, 0.0, 2.0])).numpy().tolist() == [0, 3]


@pytest.mark.parametrize("kept", [[0, 3], []])
def test_rows_and_columns_are_left_out(kept):
    dense = tf_keras.layers.Dense(3, activation="relu", bias_initializer="ones")
    dense.build([None, 4])
    kernel, bias = dense.get_weights()
    x = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    factors = np.zeros(4, np.float32)
    factors[kept] = 2.0
    rows = np.array(kept, np.int64)
    result = DenseOfKept(dense)(
        tf.constant(x[:, rows]), factors=factors, rows=rows, columns=np.array([2, 0])
    )
    expected = np.maximum((x * factors) @ kernel + bias, 0)[:, [2, 0]]
    np.testing.assert_allclose(result, expected, atol=1e-6)
