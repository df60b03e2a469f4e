"""The latent variational network: the sources that it draws from."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.config import LatentConfig
from tfuq.networks.blocks import ConvolutionStyle
from tfuq.networks.latent import is_of_code, latent
from tfuq.networks.layers import LayerFactory
from tfuq.networks.layers.variational import GaussianPosterior
from tfuq.networks.weights import model_arrays
from tfuq.sampling.members import KlScale, build_member, windowed

SEED = tf.constant([1, 2])


def member(tmp_path, draws, scale=0.05, **latent_settings):
    config = settings(
        tmp_path,
        "latent-vi",
        2,
        variational={"initial_scale": scale},
        latent={"size": 3, "features": 2, **latent_settings},
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


@pytest.mark.slow
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


def test_a_backbone_has_variational_weights_where_it_is_asked_to(tmp_path):
    def variational_layers(model):
        return {name.split("/")[0] for name in model_arrays(model) if "kernel_posterior" in name}

    of_code = variational_layers(member(tmp_path, ("weights", "code")))
    assert all(is_of_code(name) for name in of_code)
    both = member(tmp_path, ("weights", "code"), backbone="variational")
    layers = {name.split("/")[0] for name in model_arrays(both)} - {"code"}
    assert variational_layers(both) == layers > of_code


def test_the_seed_reaches_a_variational_backbone(tmp_path):
    """Its features differ from seed to seed, and those of a backbone of points do not."""
    x = tf.random.stateless_normal([2, 16, 16, 1], SEED)
    for backbone, differs in (("variational", True), ("point", False)):
        model = member(tmp_path, ("weights", "code"), backbone=backbone)
        features = tf_keras.Model(model.inputs, model.get_layer("pixel_moments").output)
        one, other = (features([x, tf.constant([0, seed])]).numpy() for seed in (1, 2))
        assert np.array_equal(one, other) is not differs


@pytest.mark.parametrize("backbone", ["point", "variational"])
def test_both_divergences_have_their_own_scale(tmp_path, backbone):
    """Weights: the sum over all of log(s/σ) + (σ² + µ²) / 2s² − 1/2. Code: of N(m, w²) from N(0, 1)."""
    scales = KlScale(weights=0.25, code=3.0)
    config = settings(
        tmp_path,
        "latent-vi",
        2,
        variational={"initial_scale": 0.02, "prior_scale": 0.1},
        latent={"size": 3, "backbone": backbone},
    )
    model = build_member(config, channels=1, kl_scale=scales)
    x = tf.random.stateless_normal([2, 16, 16, 1], SEED)
    to_code = tf_keras.Model(model.inputs, model.get_layer("code_moments").output)
    model([x, SEED], training=True)
    losses = {}
    for layer in model.layers:
        if layer.losses:
            losses[layer.name] = sum(map(float, layer.losses))
    moments = to_code([x, SEED], training=True).numpy().astype(float)
    expected = 0.0
    for name, array in model_arrays(model).items():
        if name.endswith("kernel_posterior_loc"):
            terms = np.log(0.1 / 0.02) + (0.02**2 + array.astype(float) ** 2) / 0.02 - 0.5
            expected += terms.sum()
    of_code = losses.pop("code")
    assert sum(losses.values()) == pytest.approx(0.25 * expected, rel=1e-4)
    assert any(name.startswith("encoder") for name in losses) is (backbone == "variational")
    mean, raw = np.split(moments, 2, -1)
    width = np.logaddexp(0.0, raw + np.log(np.expm1(config.latent.initial_scale)))
    per_example = (-np.log(width) + (width**2 + mean**2) / 2 - 0.5).sum(-1)
    assert of_code == pytest.approx(3.0 * per_example.mean(), rel=1e-4)


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
