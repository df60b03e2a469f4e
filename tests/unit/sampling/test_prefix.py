"""The deterministic prefix: what the seed does not reach."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tfuq.networks.layers import SOURCES
from tfuq.sampling.members import build_member
from tfuq.sampling.prefix import split_at_seed

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


NETWORKS = (("unet", 2), ("unet", 3), ("vnet", 2), ("fcn", 3), ("residual-unet", 3))
DRAWN = (("mc-dropout", SOURCES), ("vi", SOURCES), ("deterministic", ()))
# Most networks by dropout and one of them by the other methods; the others draw as these do.
FAST = {
    ("unet", 2, "mc-dropout"),
    ("vnet", 2, "mc-dropout"),
    ("fcn", 3, "mc-dropout"),
    ("unet", 2, "vi"),
    ("unet", 2, "deterministic"),
}


def rows():
    """Parameters (name, rank, method, draws)."""
    for (name, rank), (method, draws) in itertools.product(NETWORKS, DRAWN):
        marks = [] if (name, rank, method) in FAST else [pytest.mark.slow]
        yield pytest.param(name, rank, method, draws, marks=marks)
    for draws in (("weights", "code"), ("code",), ("weights",), ()):
        yield "vnet", 2, "latent-vi", draws
    for rank in (2, 3):
        yield "unet", rank, "probabilistic-unet", ("code",)
        yield "unet", rank, "stochastic-segmentation", ("logits",)


@pytest.mark.parametrize(("name", "rank", "method", "draws"), list(rows()))
def test_prefix_and_suffix_compose_to_the_network(tmp_path, name, rank, method, draws):
    config = settings(
        tmp_path,
        method,
        rank,
        network={"name": name, "widths": [4, 8, 12], "level_dropout": {3: 0.5}},
    )
    model = build_member(config, channels=2, sources=draws)
    split = split_at_seed(model)
    prefix, suffix = split.prefix, split.suffix
    x = tf.random.stateless_normal([2, *config.network.patch_size, 2], SEED)
    features = tf.nest.flatten(prefix(x))
    corner = tf.zeros([1, rank], tf.int32)
    np.testing.assert_allclose(
        suffix([*features, *split.widths(), corner, OTHER]), model([x, OTHER]), rtol=1e-5, atol=2e-5
    )
    # An FCN pools once more than its level 3 does, whose map is therefore an eighth of the patch.
    assert split.grid == (
        (8 if name == "fcn" else 4,) * rank if method == "mc-dropout" else (1,) * rank
    )
    assert {id(v) for v in [*prefix.weights, *suffix.weights]} <= {id(v) for v in model.weights}
    assert np.array_equal(model([x, OTHER]), model([x, SEED])) == (not draws)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rank", "draws"), [("unet", 2, SOURCES), ("vnet", 3, ())])
def test_weights_with_a_covariance_are_random_weights(tmp_path, name, rank, draws):
    """The layers of the method swag take the way of variational ones, with scales that are not 0."""
    config = settings(tmp_path, "swag", rank, network={"name": name, "widths": [4, 8]})
    model = build_member(config, channels=2, sources=set(draws) & {"weights"})
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.normal(size=variable.shape) * 0.1)
    split = split_at_seed(model)
    x = tf.random.stateless_normal([2, *config.network.patch_size, 2], SEED)
    features = tf.nest.flatten(split.prefix(x))
    corner = tf.zeros([1, rank], tf.int32)
    found = split.suffix([*features, *split.widths(), corner, OTHER])
    np.testing.assert_allclose(found, model([x, OTHER]), rtol=1e-4, atol=2e-5)
    assert bool(split.widths()) == bool(draws)
    assert np.array_equal(model([x, OTHER]), model([x, SEED])) == (not draws)


def test_what_was_published_for_x_rays_is_split_like_any_network(tmp_path):
    """Transposed convolutions and batch normalization, whose means and variances are not 0 and 1."""
    network = {"normalization": "batch", "upsampling": "transposed", "level_dropout": {1: 0.4}}
    config = settings(tmp_path, "mc-dropout", 2, network=network)
    model = build_member(config, channels=1)
    x = tf.random.stateless_normal([2, *config.network.patch_size, 1], SEED)
    model([x, SEED], training=True)
    split = split_at_seed(model)
    features = tf.nest.flatten(split.prefix(x, training=False))
    corner = tf.zeros([1, 2], tf.int32)
    found = split.suffix([*features, corner, OTHER], training=False)
    np.testing.assert_allclose(found, model([x, OTHER], training=False), atol=2e-5)


def test_prefix_holds_all_that_the_seed_does_not_reach(tmp_path):
    config = settings(
        tmp_path, "mc-dropout", 3, network={"widths": [4, 8, 12], "level_dropout": {3: 0.5}}
    )
    model = build_member(config, channels=2)
    split = split_at_seed(model)
    prefix, suffix = split.prefix, split.suffix
    in_prefix, in_suffix = ({layer.name for layer in m.layers} for m in (prefix, suffix))
    assert {"encoder1_conv1", "encoder2_conv2", "encoder3_conv2"} <= in_prefix
    assert {"encoder3_dropout", "decoder1_conv2", "logits"} <= in_suffix
    assert not in_prefix & in_suffix
    # The skip connections were convolved in the prefix: it hands over decoder widths, and nothing is concatenated later.
    assert sorted(f.shape[-1] for f in prefix.outputs) == [4, 8, 12]
    assert not any("concat" in name for name in in_suffix)
    whole = split_at_seed(build_member(config, channels=2, sources=()))
    assert whole.suffix.weights == []
    assert len(whole.prefix.weights) == len(model.weights)
