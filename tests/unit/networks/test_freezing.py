"""Layers that are frozen, by patterns of their names."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.errors import ConfigError
from tfuq.networks.freezing import freeze, layer_of, without_layers
from tfuq.sampling.members import build_member


def network(tmp_path, method="deterministic", **changes):
    return build_member(settings(tmp_path, method, 2, **changes), channels=1)


def test_layers_that_match_have_no_trainable_variables(tmp_path):
    model = network(tmp_path)
    before = len(model.trainable_variables)
    frozen = freeze(model, ["encoder*", "logits"])
    convolutions = ["encoder1_conv1", "encoder1_conv2", "encoder2_conv1", "encoder2_conv2"]
    assert frozen.layers == [*convolutions, "logits"]
    assert len(model.trainable_variables) == before - 2 * 5
    left = {layer_of(variable.name) for variable in model.trainable_variables}
    assert left == {"decoder1_up_conv", "decoder1_conv1", "decoder1_conv2"}


def test_what_is_frozen_is_counted(tmp_path):
    """By hand: 3×3 kernels of 1→4, 4→4, 4→8 and 8→8 channels, each with its biases."""
    frozen = freeze(network(tmp_path), ["encoder*"])
    by_hand = 9 * (1 * 4 + 4 * 4 + 4 * 8 + 8 * 8) + 4 + 4 + 8 + 8
    assert frozen.weights == by_hand
    up = 4 * 8 * 4 + 4
    decoder = 9 * (8 * 4 + 4 * 4) + 4 + 4
    assert frozen.of == by_hand + up + decoder + 4 * 1 + 1
    assert str(frozen) == f"{by_hand:,} of {frozen.of:,} weights frozen, in 4 layers"


def test_without_patterns_nothing_is_frozen(tmp_path):
    model = network(tmp_path)
    assert freeze(model, []).layers == []
    assert all(layer.trainable for layer in model.layers)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("encoder_conv1", r"with weights; did you mean 'encoder\d_conv1'\?"),
        ("Encoder*", r"did you mean 'encoder\*'\?"),
        ("backbone", r"names begin as in decoder\*, encoder\*, logits\*"),
        ("pool*", "'pool.*' matches no layer with weights"),
    ],
)
def test_a_pattern_that_matches_nothing_is_refused_with_names_near_it(tmp_path, pattern, words):
    with pytest.raises(ConfigError, match=words):
        freeze(network(tmp_path), ["encoder*", pattern])


def test_something_must_be_left_to_train(tmp_path):
    with pytest.raises(ConfigError, match=r"match all 8 layers .* leave some of them out"):
        freeze(network(tmp_path), ["*"])


def test_a_frozen_batch_normalization_keeps_its_moving_averages():
    inputs = tf_keras.Input([4])
    x = tf_keras.layers.BatchNormalization(name="held_norm")(inputs)
    model = tf_keras.Model(inputs, tf_keras.layers.Dense(1, name="logits")(x))
    freeze(model, ["held*"])
    before = [array.copy() for array in model.get_layer("held_norm").get_weights()]
    images = tf.constant(np.random.default_rng(0).normal(5.0, 3.0, [64, 4]), tf.float32)
    hidden = tf_keras.Model(inputs, x)(images, training=True)
    for array, earlier in zip(model.get_layer("held_norm").get_weights(), before, strict=True):
        assert np.array_equal(array, earlier)
    # Its mean and variance at the start are 0 and 1, so that it changes nothing but by its epsilon.
    np.testing.assert_allclose(hidden, images / np.sqrt(1.001), rtol=1e-5)


def test_a_frozen_variational_layer_is_sampled_and_its_divergence_counts(tmp_path):
    """The divergence of each weight is log(s/σ) + (σ² + µ²) / 2s² − 1/2, of all layers together."""
    model = network(tmp_path, "vi", variational={"initial_scale": 0.02, "prior_scale": 0.1})
    freeze(model, ["encoder*", "decoder*"])
    images = tf.random.stateless_normal([2, 16, 16, 1], [1, 2])
    one, other = (model([images, tf.constant([0, seed])]).numpy() for seed in (1, 2))
    assert not np.allclose(one, other)
    model([images, tf.constant([0, 1])], training=True)
    expected = 0.0
    for variable in model.weights:
        if variable.name.endswith("kernel_posterior_loc:0"):
            mean = variable.numpy().astype(float)
            terms = np.log(0.1 / 0.02) + (0.02**2 + mean**2) / (2 * 0.1**2) - 0.5
            expected += terms.sum()
    assert float(tf.add_n(model.losses)) == pytest.approx(expected, rel=1e-4)


def test_arrays_of_layers_are_left_out():
    arrays = {"a/kernel": np.ones(1), "a/bias": np.ones(1), "ab/kernel": np.ones(1)}
    assert list(without_layers(arrays, ["a"])) == ["ab/kernel"]
