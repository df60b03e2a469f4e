"""Architectures, stochastic layers, the deterministic prefix, and what we assume of TFP."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras
from scipy import stats

from tests.conftest import settings
from tfuq import config as configuration
from tfuq.networks import build_network, count_layers
from tfuq.networks.layers import (
    SOURCES,
    GaussianPosterior,
    LayerFactory,
    SeededDropout,
    VariationalConv2D,
    VariationalConv3D,
    VariationalDense,
    fold_in,
    standard_normal,
)
from tfuq.sampling.members import build_member
from tfuq.sampling.prefix import split_at_seed

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def test_published_network_is_exact():
    config = configuration.load("iseg2017", ("method=mc-dropout",))
    model = build_member(config, channels=2)
    assert count_layers(model) == 39
    assert model.count_params() == 485_885
    training = config.training
    assert (training.epochs, training.batch_size, training.loss.name) == (30, 16, "cross-entropy")
    assert config.prediction.samples == 100
    rates = {layer.name: layer.rate for layer in model.layers if isinstance(layer, SeededDropout)}
    assert rates == {"encoder4_dropout": 0.5, "encoder5_dropout": 0.5}


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("normalization", ["none", "group", "instance"])
@pytest.mark.parametrize("activation", ["relu", "elu"])
def test_unet_is_rank_generic_and_configurable(tmp_path, rank, normalization, activation):
    network = {
        "normalization": normalization,
        "activation": activation,
        "widths": [4, 8, 12],
        "dropout_after_each": 0.1,
    }
    config = settings(tmp_path, rank=rank, network=network)
    model = build_network(config.network, LayerFactory(), channels=2, outputs=3 if rank == 3 else 1)
    shape = (2, *config.network.patch_size, 2)
    logits = model([tf.random.stateless_normal(shape, SEED), SEED])
    assert logits.shape == (*shape[:-1], 3 if rank == 3 else 1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert ("GroupNormalization" in kinds) == (normalization != "none")
    assert kinds.count("SeededDropout") == 12 + len(config.network.level_dropout)
    assert any("3D" in kind for kind in kinds) == (rank == 3)


def test_dropout_draws_one_mask_per_seed_and_one_per_example_in_training():
    layer, x = SeededDropout(0.5, name="drop"), tf.ones([6, 8, 8, 4])
    once = layer(x, seed=SEED).numpy()
    np.testing.assert_array_equal(once, layer(x, seed=SEED))
    assert (once == once[:1]).all()
    assert not np.array_equal(once, layer(x, seed=OTHER))
    assert not np.array_equal(once, SeededDropout(0.5, name="other")(x, seed=SEED))
    assert set(np.unique(once)) == {0.0, 2.0}
    assert abs(once.mean() - 1) < 0.2
    trained = layer(x, seed=SEED, training=True).numpy()
    assert not (trained == trained[:1]).all()
    np.testing.assert_array_equal(layer(x), x)
    channels = SeededDropout(0.5, spatial=True, name="drop")(x, seed=SEED).numpy()
    assert (channels == channels[:, :1, :1]).all()


def variational(estimator="flipout", kl_scale=1.0, scale=0.3):
    posterior = GaussianPosterior(initial_scale=scale, kl_scale=kl_scale, estimator=estimator)
    layer = VariationalConv2D(5, 3, padding="same", name="conv", **posterior.arguments())
    layer.build((None, 8, 8, 3))
    return layer


def test_variational_layer_predicts_with_one_kernel_and_trains_with_flipped_signs():
    layer, x = variational(), tf.tile(tf.random.stateless_normal([1, 8, 8, 3], SEED), [4, 1, 1, 1])
    drawn = layer(x, seed=SEED).numpy()
    np.testing.assert_array_equal(drawn, layer(x, seed=SEED))
    assert (drawn == drawn[:1]).all()
    assert not np.allclose(drawn, layer(x, seed=OTHER))
    flipped = layer(x, seed=SEED, training=True).numpy()
    np.testing.assert_array_equal(flipped, layer(x, seed=SEED, training=True))
    assert not np.allclose(flipped[0], flipped[1])
    shared = variational("reparameterization")
    shared.set_weights(layer.get_weights())
    np.testing.assert_array_equal(shared(x, seed=SEED, training=True), drawn)


def test_flipout_draws_from_the_same_distribution_as_reparameterization():
    layer, x = variational(), tf.random.stateless_normal([1, 8, 8, 3], SEED)
    seeds = [tf.constant([9, i]) for i in range(400)]
    one = np.stack([layer(x, seed=s, training=True)[0, 4, 4] for s in seeds])
    two = np.stack([layer(x, seed=s)[0, 4, 4] for s in seeds])
    mean = layer(x)[0, 4, 4]
    np.testing.assert_allclose(one.mean(0), mean, atol=4 * one.std() / 20)
    np.testing.assert_allclose(one.std(0), two.std(0), rtol=0.15)


def test_width_to_zero_and_rate_zero_are_deterministic():
    narrow, x = variational(scale=1e-12), tf.random.stateless_normal([2, 8, 8, 3], SEED)
    for training in (False, True):
        np.testing.assert_allclose(narrow(x, seed=SEED, training=training), narrow(x), atol=1e-5)
    np.testing.assert_array_equal(SeededDropout(0.0, name="d")(x, seed=SEED), x)


def test_kl_is_scaled_added_in_training_only_and_matches_the_closed_form():
    x = tf.zeros([1, 8, 8, 3])
    layer = variational(kl_scale=0.01)
    layer(x, seed=SEED)
    assert layer.losses == []
    layer(x, seed=SEED, training=True)
    mean, rho = (v.numpy().astype(float) for v in layer.weights[:2])
    sigma = np.log1p(np.exp(rho))
    expected = 0.01 * np.sum(-np.log(sigma) + (sigma**2 + mean**2 - 1) / 2)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)
    assert sigma.mean() == pytest.approx(0.3, rel=1e-5)


def test_dense_layer_agrees_with_its_kernel():
    layer = VariationalDense(4, name="dense", **GaussianPosterior(initial_scale=0.5).arguments())
    x = tf.random.stateless_normal([3, 6], SEED)
    np.testing.assert_allclose(layer(x), x @ layer.weights[0], atol=1e-5)
    assert not np.allclose(layer(x, seed=SEED), layer(x))
    flipped = layer(tf.tile(x[:1], [8, 1]), seed=SEED, training=True).numpy()
    assert not np.allclose(flipped[0], flipped[1])


@pytest.mark.parametrize("shape", [(4, 6), (3, 3, 5)])
def test_normal_numbers_are_standard_and_follow_their_seed(shape):
    def drawn(i):
        return standard_normal(tf.TensorShape(shape), tf.constant([3, i])).numpy()

    assert drawn(0).shape == shape
    np.testing.assert_array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))
    many = standard_normal(tf.TensorShape([400_001]), SEED).numpy()
    assert np.isfinite(many).all()
    assert stats.kstest(many, "norm").pvalue > 0.01
    assert (
        abs(np.corrcoef(many[:200_000], many[200_001:])[0, 1]) < 0.01
    )  # the two numbers of a pair


@pytest.mark.parametrize(
    ("name", "rank", "method", "draws"),
    [(*network, *drawn) for network in (("unet", 2), ("unet", 3), ("vnet", 2), ("fcn", 3))
     for drawn in (("mc-dropout", SOURCES), ("vi", SOURCES), ("deterministic", ()))]
    + [("vnet", 2, "latent-vi", draws) for draws in (("weights", "code"), ("code",), ("weights",), ())],
)  # fmt: skip
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
        suffix([*features, *split.widths(), corner, OTHER]), model([x, OTHER]), atol=2e-5
    )
    # An FCN pools once more than its level 3 does, whose map is therefore an eighth of the patch.
    assert split.grid == (
        (8 if name == "fcn" else 4,) * rank if method == "mc-dropout" else (1,) * rank
    )
    assert {id(v) for v in [*prefix.weights, *suffix.weights]} <= {id(v) for v in model.weights}
    assert np.array_equal(model([x, OTHER]), model([x, SEED])) == (not draws)


def test_variational_weights_take_the_place_of_dropout(tmp_path):
    model = build_member(settings(tmp_path, "vi"), channels=1)
    assert not any(isinstance(layer, SeededDropout) for layer in model.layers)
    assert all(
        isinstance(layer, VariationalConv3D)
        for layer in model.layers
        if "conv" in layer.name or layer.name == "logits"
    )


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


# What we build on in TensorFlow Probability; a release that changes one of these should tell us.


def flipout(**options):
    model = tf_keras.Sequential([tf_keras.Input((6,)), tfp.layers.DenseFlipout(3, **options)])
    model(tf.ones([1, 6]))
    return model


@pytest.mark.filterwarnings("ignore")
def test_upstream_keras_formats_fail_for_tfp_layers(tmp_path):
    layer = flipout().layers[0]
    with pytest.raises((TypeError, ValueError, NotImplementedError, AttributeError)):
        tf_keras.Sequential.from_config(
            tf_keras.models.model_from_json(flipout().to_json()).get_config()
        )
    assert callable(layer.kernel_posterior_fn)


def test_upstream_kl_is_added_on_every_call_unscaled():
    model = flipout()
    model(tf.ones([1, 6]))
    layer = model.layers[0]
    expected = tfp.distributions.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
    np.testing.assert_allclose(sum(model.losses), expected, rtol=1e-5)


def test_upstream_one_call_draws_one_kernel_for_the_batch():
    layer = tfp.layers.DenseReparameterization(3)
    out = layer(tf.ones([5, 6])).numpy()
    assert (out == out[:1]).all()


def test_upstream_seed_argument_does_not_fix_the_kernel():
    layer = tfp.layers.DenseFlipout(3, seed=7)
    x = tf.ones([1, 6])
    assert not np.allclose(layer(x), layer(x))


def test_upstream_stateless_seed_reaches_the_kernel_through_the_posterior_tensor_fn():
    layer = tfp.layers.DenseReparameterization(
        3, kernel_posterior_tensor_fn=lambda q: q.sample(seed=SEED)
    )
    x = tf.ones([1, 6])
    np.testing.assert_array_equal(layer(x), layer(x))


def test_upstream_fold_in_is_stable():
    np.testing.assert_array_equal(
        fold_in(tf.constant([1, 2]), 3), fold_in(tf.constant([1, 2]), tf.constant(3))
    )
    assert not np.array_equal(fold_in(SEED, 3), fold_in(SEED, 4))
