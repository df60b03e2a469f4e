"""The latent variational network: the sources that it draws from."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.config import LatentConfig
from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.latent import latent
from tfuq.networks.layers import LayerFactory
from tfuq.networks.layers.variational import GaussianPosterior
from tfuq.sampling.members import build_member, windowed

SEED = tf.constant([1, 2])


def member(tmp_path, draws, scale=0.05):
    config = settings(
        tmp_path,
        "latent-vi",
        2,
        variational={"initial_scale": scale},
        latent={"size": 3, "features": 2},
    )
    return build_member(config, channels=1, sources=draws)


def narrow_code(model):
    """The model, its code's width zero and its mean as it was."""
    kernel, rho, bias = model.get_layer("code_moments").weights
    half = kernel.shape[-1] // 2
    kernel.assign(tf.concat([kernel[:, :half], tf.zeros_like(kernel[:, half:])], -1))
    bias.assign(tf.concat([bias[:half], tf.fill([half], -1e3)], 0))
    rho.assign(tf.concat([rho[:, :half], tf.fill(rho[:, half:].shape, -50.0)], -1))
    return model


def test_each_source_alone_is_what_is_left_where_the_other_is_narrow(tmp_path):
    x = tf.random.stateless_normal([2, 16, 16, 1], SEED)
    draws = {"both": ("weights", "code"), "code": ("code",), "weights": ("weights",), "none": ()}
    models = {name: member(tmp_path, sources) for name, sources in draws.items()}

    def outputs(source):
        found = {}
        for name, model in models.items():
            model.set_weights(source.get_weights())
            found[name] = model([x, SEED]).numpy()
        return found

    first = member(tmp_path, draws["both"])
    wide = outputs(first)
    different = [wide[a] for a in ("both", "code", "weights", "none")]
    assert all(
        not np.allclose(a, b, atol=1e-4) for i, a in enumerate(different) for b in different[:i]
    )
    point_code = outputs(narrow_code(first))
    np.testing.assert_allclose(point_code["code"], point_code["none"], atol=1e-6)
    np.testing.assert_allclose(point_code["both"], point_code["weights"], atol=1e-6)
    point_weights = outputs(member(tmp_path, draws["both"], scale=1e-9))
    np.testing.assert_allclose(point_weights["weights"], point_weights["none"], 1e-5, 1e-5)
    np.testing.assert_allclose(point_weights["both"], point_weights["code"], 1e-5, 1e-5)
    assert not np.allclose(point_weights["code"], point_weights["none"], atol=1e-3)


def test_a_sample_is_one_function_over_all_windows(tmp_path):
    config = settings(tmp_path, "latent-vi", 2, prediction={"overlap": 0.0})
    network = windowed(config, build_member(config, channels=1), keep=0)
    tile = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype(np.float32)
    x = np.tile(tile, (1, 2, 2, 1))
    p = network.sample(x, network.encode(x), SEED, noise_seed=SEED).numpy()
    np.testing.assert_allclose(p[:, 16:, 16:], p[:, :16, :16], atol=1e-6)
    np.testing.assert_allclose(p[:, :16, 16:], p[:, :16, :16], atol=1e-6)


@pytest.mark.parametrize("space", [(), (8, 8), (4, 8, 4)], ids=["image", "2D", "3D"])
def test_every_example_has_one_code(space):
    """Features that differ from pixel to pixel, and outputs that differ from features by a code."""
    layers = LayerFactory(weights=GaussianPosterior(initial_scale=1e-6))
    features = tf_keras.Input((*space, 4))
    logits = latent(
        layers,
        features,
        config=LatentConfig(size=3, encoder_widths=[4], decoder_widths=[5]),
        kl_scale=1.0,
        outputs=2,
        style=ConvolutionStyle(rank=max(len(space), 2)),
    )
    model = tf_keras.Model([features, layers.seed], logits)
    assert model.get_layer("code").output_shape == (None, 3)
    assert model.get_layer("code_concat").output_shape == (None, *space, 3 + 4)
    x = tf.random.stateless_normal([2, *space, 4], SEED)
    assert model([x, SEED]).shape == (2, *space, 2)
    assert not np.allclose(model([x, SEED]), model([x, tf.constant([1, 3])]), atol=1e-4)
