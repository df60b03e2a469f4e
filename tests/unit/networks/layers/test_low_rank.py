"""A Gaussian of all logits of an image."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.networks.layers.low_rank import (
    LowRankLogits,
    gaussian_channels,
    logit_gaussian,
)

SEED = tf.constant([1, 2])
RANK, LOGITS = 3, 2


def outputs(space=(2, 2), examples=1):
    shape = (examples, *space, gaussian_channels(LOGITS, RANK))
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("space", [(3, 2), (2, 3, 2)])
def test_logits_match_the_reference(space):
    array = outputs(space, examples=2)
    rng = np.random.default_rng(1)
    own = rng.normal(size=(2, *space, LOGITS)).astype(np.float32)
    common = rng.normal(size=(2, RANK)).astype(np.float32)
    found = logit_gaussian(tf.constant(array), RANK).logits(own, common)
    for number in range(2):
        expected = references.low_rank_logits(array[number], own[number], common[number])
        np.testing.assert_allclose(found[number], expected, rtol=1e-4, atol=1e-5)


def test_samples_have_the_covariance_that_the_outputs_say():
    """diag(width²) + factor · factorᵀ over all logits, whose samples are drawn one seed each."""
    array = outputs()
    layer = LowRankLogits(RANK, name="drawn_logits")
    gaussian = logit_gaussian(tf.constant(array), RANK)
    draw = tf.function(lambda seed: layer(array, seed=seed), autograph=False)
    count = 4000
    samples = np.array([draw(tf.constant([5, t])).numpy().ravel() for t in range(count)])
    width = gaussian.width.numpy().ravel()
    factor = gaussian.factor.numpy().reshape(-1, RANK)
    covariance = np.diag(width**2) + factor @ factor.T
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    np.testing.assert_allclose(samples.mean(0), gaussian.mean.numpy().ravel(), atol=0.12)
    assert (abs(np.cov(samples.T) - covariance) < 6 * scale / count**0.5).all()


def test_without_a_seed_it_is_the_mean_and_in_training_the_outputs():
    array = outputs()
    layer = LowRankLogits(RANK)
    np.testing.assert_array_equal(layer(array), array[..., :LOGITS])
    np.testing.assert_array_equal(layer(array, seed=SEED, training=True), array)


def test_noise_of_a_voxel_is_the_same_wherever_the_window_begins():
    array = np.tile(outputs((1, 1)), (1, 4, 4, 1))
    layer = LowRankLogits(RANK, name="drawn_logits")
    whole = layer(array, seed=SEED, corner=tf.constant([[0, 0]])).numpy()
    part = layer(array[:, :2, :3], seed=SEED, corner=tf.constant([[2, 1]])).numpy()
    np.testing.assert_allclose(part, whole[:, 2:4, 1:4], atol=1e-6)
    assert len(np.unique(whole[..., 0])) == 16
