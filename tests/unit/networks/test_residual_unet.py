"""The residual U-Net: what it is made of."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.audit import residual_unet as plain_operations
from tests.audit.forward import Layers
from tests.support.networks import network, require_dropout_everywhere
from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.layers import LayerFactory, SeededDropout
from tfuq.networks.residual_unet import residual_unet
from tfuq.networks.weights import model_arrays

SEED = tf.constant([1, 2])
THICK_SLICES = {
    "patch_size": [8, 8, 4],
    "widths": [4, 6, 8],
    "blocks": [1, 2, 1],
    "kernels": [[3, 3, 1], [3, 3, 3], [3, 3, 3]],
    "strides": [[2, 2, 1], [2, 2, 2]],
}
PLANE = {"patch_size": [8, 12], "widths": [4, 6, 8], "normalization": "none", "head_filters": 3}


@pytest.mark.parametrize(("rank", "options"), [(3, THICK_SLICES), (2, PLANE)])
def test_it_is_what_plain_operations_make(tmp_path, rank, options):
    model = network(tmp_path, "residual-unet", rank, **options)
    x = np.random.default_rng(0).normal(size=(2, *options["patch_size"], 2)).astype(np.float32)
    settings = {"blocks": 2, "strides": None, "activation": "leaky-relu", "head_activation": "same"}
    settings |= {"normalization": "instance", "head_filters": None, "upsample_dropout": 0}
    settings |= {"dropout_after_each": 0, "level_dropout": {}}
    weights = {name: array.astype(float) for name, array in model_arrays(model).items()}
    draw = SimpleNamespace(sources=())
    plain = Layers(weights, settings | options, draw, False, (0,) * rank)
    expected = plain_operations.residual_unet(plain, x.astype(float))
    assert expected.shape == (2, *options["patch_size"], 3)
    np.testing.assert_allclose(model([x, SEED]), expected, atol=2e-5)


def test_levels_have_the_sizes_that_strides_and_widths_say():
    layers = LayerFactory()
    image = tf_keras.Input((8, 8, 4, 2))
    parts = {key: THICK_SLICES[key] for key in ("widths", "blocks", "kernels", "strides")}
    style = ConvolutionStyle(rank=3)
    decoded = residual_unet(
        layers, image, style=style, level_dropout={2: 0.1}, upsample_dropout=0.2, **parts
    )
    assert [tuple(level.shape[1:]) for level in decoded] == [(8, 8, 4, 4), (4, 4, 4, 6)]
    model = tf_keras.Model([image, layers.seed], decoded)
    shapes = {layer.name: layer.output_shape[1:] for layer in model.layers}
    assert shapes["encoder2_block2_add"] == (4, 4, 4, 6)
    assert shapes["encoder3_block1_add"] == (2, 2, 2, 8)
    assert shapes["decoder1_concat"] == (8, 8, 4, 8)
    kernel = model.get_layer("encoder1_block1_conv1").kernel
    assert tuple(kernel.shape) == (3, 3, 1, 4, 4)
    rates = {layer.name: layer.rate for layer in model.layers if isinstance(layer, SeededDropout)}
    assert rates == {"encoder2_dropout": 0.1, "decoder1_dropout": 0.2, "decoder2_dropout": 0.2}


@pytest.mark.slow
def test_dropout_follows_each_convolution_and_the_levels_that_are_named(tmp_path):
    """A stem, two blocks of two convolutions in each of four levels, and one of each step up."""
    require_dropout_everywhere(tmp_path, "residual-unet", convolutions=1 + 4 * 4 + 3)
