"""Convolutions as they are computed where a network is sampled, beside the layers of Keras."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.networks.layers import LayerFactory, NearestUpsampling
from tfuq.networks.layers.variational import GaussianPosterior
from tfuq.sampling.convolutions import SampledConvolution, with_sampled_convolutions
from tfuq.sampling.mean_network import at_its_means
from tfuq.sampling.members import build_member
from tfuq.sampling.prefix import split_at_seed

SEED = tf.constant([1, 2])


def upsampled_network(rank, *, size, factor, weights=None, padding="same"):
    """Up-sampling and a convolution, with biases that are not zero."""
    layers = LayerFactory(weights=weights)
    image = tf_keras.Input([*[4, 5, 3][:rank], 3])
    upsampled = NearestUpsampling(factor)(image)
    convolution = layers.conv(4, size, rank=rank, name="conv", activation="relu", padding=padding)
    model = tf_keras.Model([image, layers.seed], convolution(upsampled))
    bias = model.get_layer("conv").weights[-1]
    bias.assign(tf.random.stateless_normal(bias.shape, SEED))
    return model


def layer_names(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("weights", [None, GaussianPosterior(initial_scale=0.5)])
@pytest.mark.parametrize(
    ("rank", "size", "factor"),
    [(2, 2, 2), (2, 3, 2), (2, 5, 2), (2, 3, 3), (2, 1, 2), (3, 2, 2), (3, 3, 2)],
)
def test_a_convolution_of_an_upsampled_map_is_one_of_the_map(rank, size, factor, weights):
    model = upsampled_network(rank, size=size, factor=factor, weights=weights)
    sampled = with_sampled_convolutions(model)
    assert not any("NearestUpsampling" in name for name in layer_names(sampled))
    image = tf.random.stateless_normal([2, *model.inputs[0].shape[1:]], SEED)
    np.testing.assert_allclose(sampled([image, SEED]), model([image, SEED]), atol=1e-5)


def test_up_sampling_before_another_convolution_stays_a_layer():
    model = upsampled_network(2, size=3, factor=2, padding="valid")
    sampled = with_sampled_convolutions(model)
    assert "NearestUpsampling" in layer_names(sampled)
    image = tf.random.stateless_normal([2, *model.inputs[0].shape[1:]], SEED)
    np.testing.assert_allclose(sampled([image, SEED]), model([image, SEED]), atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_no_network_up_samples_before_a_convolution(tmp_path, rank):
    config = settings(tmp_path, "vi", rank, network={"widths": [4, 8], "level_dropout": {}})
    model = build_member(config, channels=1)
    assert "NearestUpsampling" in " ".join(layer_names(model))
    suffix = split_at_seed(model).suffix
    assert "NearestUpsampling" not in " ".join(layer_names(suffix))


def test_dropout_after_the_up_sampling_keeps_its_own_elements(tmp_path):
    network = {"widths": [4, 8], "upsample_dropout": 0.5}
    model = build_member(settings(tmp_path, "mc-dropout", 2, network=network), channels=1)
    assert "NearestUpsampling" in layer_names(with_sampled_convolutions(model))


def test_a_network_at_its_means_can_be_sampled(tmp_path):
    config = settings(tmp_path, "vi", 2, network={"widths": [4, 8], "level_dropout": {}})
    model = at_its_means(build_member(config, channels=1))
    image = tf.random.stateless_normal([1, *config.network.patch_size, 1], SEED)
    sampled = with_sampled_convolutions(model)
    np.testing.assert_allclose(sampled([image, SEED]), model([image, SEED]), atol=1e-5)


def test_the_layer_has_the_variables_of_the_network():
    model = upsampled_network(2, size=2, factor=2)
    sampled = with_sampled_convolutions(model)
    assert [id(v) for v in sampled.weights] == [id(v) for v in model.weights]
    assert isinstance(sampled.get_layer("conv"), SampledConvolution)


def test_bfloat16_rounds_inputs_and_weights_and_leaves_the_output_in_float32(tmp_path):
    config = settings(tmp_path, "vi", 2, network={"widths": [4, 8], "level_dropout": {}})
    model = build_member(config, channels=1)
    split = split_at_seed(model, "bfloat16")
    image = tf.random.stateless_normal([2, *config.network.patch_size, 1], SEED)
    corner = tf.zeros([1, 2], tf.int32)

    def output(seed):
        features = tf.nest.flatten(split.prefix(image))
        return split.suffix([*features, *split.widths(), corner, seed])

    exact = model([image, SEED]).numpy()
    rounded = output(SEED)
    assert rounded.dtype == tf.float32
    error = np.abs(rounded - exact).max() / np.abs(exact).max()
    # Seven bits of a fraction: not equal, and not far.
    assert 1e-4 < error < 3e-2
    np.testing.assert_array_equal(rounded, output(SEED))
    assert not np.array_equal(rounded, output(SEED + 1))


def test_a_bfloat16_convolution_is_one_of_rounded_numbers():
    model = upsampled_network(2, size=3, factor=2)
    (layer,) = [each for each in model.layers if each.name == "conv"]
    sampled = SampledConvolution(layer, precision="bfloat16")
    image = tf.random.stateless_normal([1, 6, 7, 3], SEED)

    def rounded(tensor):
        return tf.cast(tf.cast(tensor, tf.bfloat16), tf.float32)

    kernel, bias = map(rounded, layer.weights)
    expected = tf.nn.relu(tf.nn.conv2d(rounded(image), kernel, 1, "SAME") + bias)
    result = sampled(image)
    assert result.dtype == tf.bfloat16
    # Each is within half a step of bfloat16, which is 2^-8 of the value, after sums in float32.
    np.testing.assert_allclose(tf.cast(result, tf.float32), expected, rtol=2**-7, atol=2e-2)
