"""The probabilistic U-Net: what is trained, and what predicts."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tfuq.networks.probabilistic import of_prior
from tfuq.sampling.members import build_member, windowed

SEED, OTHER = tf.constant([1, 2]), tf.constant([1, 3])


def image(rank=2):
    return tf.random.stateless_normal([2, *[16] * rank, 1], SEED)


def labels(rank=2, value=1):
    return tf.fill([2, *[16] * rank], value)


def member(tmp_path, rank=2, **options):
    config = settings(tmp_path, "probabilistic-unet", rank, probabilistic={"size": 3})
    return build_member(config, channels=1, **options)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_code_of_training_sees_the_labels_and_that_of_prediction_does_not(tmp_path, rank):
    trained = member(tmp_path, rank, is_trained=True)
    x = image(rank)
    one = trained([x, SEED, labels(rank, 1)])
    other = trained([x, SEED, labels(rank, 2)])
    assert not np.allclose(one, other, atol=1e-5)
    predicting = of_prior(trained)
    assert len(predicting.inputs) == 2
    alone = member(tmp_path, rank)
    names = [variable.name for variable in predicting.weights]
    assert names == [variable.name for variable in alone.weights]
    assert not any("posterior" in name for name in names)
    alone.set_weights(predicting.get_weights())
    np.testing.assert_allclose(predicting([x, SEED]), alone([x, SEED]), atol=1e-6)
    assert not np.allclose(alone([x, SEED]), alone([x, OTHER]), atol=1e-5)


def test_the_divergence_reaches_prior_and_posterior_alone(tmp_path):
    trained = member(tmp_path, is_trained=True)
    with tf.GradientTape() as tape:
        trained([image(), SEED, labels()], training=True)
        divergence = tf.add_n(trained.losses)
    gradients = tape.gradient(divergence, trained.trainable_variables)
    assert float(divergence) > 0
    reached = set()
    for variable, gradient in zip(trained.trainable_variables, gradients, strict=True):
        if gradient is not None:
            reached.add(variable.name.split("/")[0].rstrip("0123456789_conv"))
    assert reached == {"prior", "posterior", "prior_moments", "posterior_moments"}


def test_a_sample_is_one_function_over_all_windows(tmp_path):
    config = settings(tmp_path, "probabilistic-unet", 2, prediction={"overlap": 0.0})
    network = windowed(config, build_member(config, channels=1, sources=("code",)), keep=0)
    tile = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype(np.float32)
    x = np.tile(tile, (1, 2, 2, 1))
    p = network.sample(x, network.encode(x), SEED, noise_seed=SEED).numpy()
    np.testing.assert_allclose(p[:, 16:, 16:], p[:, :16, :16], atol=1e-6)


def test_everything_before_the_code_is_the_deterministic_prefix(tmp_path):
    config = settings(tmp_path, "probabilistic-unet", 2)
    network = windowed(config, build_member(config, channels=1, sources=("code",)), keep=0)
    prefix = {variable.name.split("/")[0] for variable in network.split.prefix.weights}
    suffix = {variable.name.split("/")[0] for variable in network.split.suffix.weights}
    assert {"encoder1_conv1", "prior1_conv1", "prior_moments", "logits"} <= prefix
    assert suffix == {"code_decoder1", "code_decoder2", "code_logits"}
