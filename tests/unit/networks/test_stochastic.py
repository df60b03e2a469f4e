"""The loss of a Gaussian of all logits of an image."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.data.preprocessing import PADDING
from tfuq.networks.layers import gaussian_channels
from tfuq.networks.losses import cross_entropy, log_probabilities
from tfuq.networks.stochastic import (
    drawn_logits,
    likelihood_of_draws,
    stochastic_loss,
    without_spread,
)

SEED = tf.constant([1, 2])
RANK, DRAWS = 3, 5
OPTIONS = {"rank": RANK, "draws": DRAWS}


def outputs(logits, space=(4, 3), examples=2):
    shape = (examples, *space, gaussian_channels(logits, RANK))
    return tf.random.stateless_normal(shape, SEED)


def labels(classes, space=(4, 3), examples=2):
    array = np.random.default_rng(2).integers(0, classes, (examples, *space))
    array[:, 0, 0] = PADDING
    return tf.constant(array, tf.int32)


@pytest.mark.parametrize(("logits", "classes"), [(1, 2), (3, 3)], ids=["binary", "classes"])
@pytest.mark.parametrize("space", [(4, 3), (2, 3, 2)], ids=["2D", "3D"])
def test_loss_matches_the_reference(logits, classes, space):
    array, target = outputs(logits, space), labels(classes, space)
    drawn = drawn_logits(array, SEED, **OPTIONS)
    found = stochastic_loss(cross_entropy, target, array, SEED, **OPTIONS).numpy()
    for number in range(2):
        log_p = log_probabilities(drawn[:, number]).numpy()
        expected = references.likelihood_of_samples(target[number].numpy(), log_p, PADDING)
        assert found[number] == pytest.approx(expected, rel=1e-4)


def test_weights_of_classes_are_exponents_of_likelihoods():
    array, target = outputs(3), labels(3)
    drawn = drawn_logits(array, SEED, **OPTIONS)
    weights = [0.2, 1.0, 5.0]
    weighted = partial(cross_entropy, weights=weights)
    found = stochastic_loss(weighted, target, array, SEED, **OPTIONS).numpy()
    for number in range(2):
        log_p = log_probabilities(drawn[:, number]).numpy().astype(float)
        expected = references.likelihood_of_samples(target[number].numpy(), log_p, PADDING, weights)
        assert found[number] == pytest.approx(expected, rel=1e-4)


def test_each_example_has_noise_of_its_own():
    same = tf.repeat(outputs(1, examples=1), 2, axis=0)
    drawn = drawn_logits(same, SEED, **OPTIONS).numpy()
    assert drawn.shape == (DRAWS, 2, 4, 3, 1)
    assert len(np.unique(drawn[:, :, 0, 0])) == DRAWS * 2


def test_without_spread_the_loss_is_that_of_the_logits():
    logits = tf.random.stateless_normal([2, 4, 3, 3], SEED)
    target = labels(3)
    found = stochastic_loss(cross_entropy, target, without_spread(logits, RANK), SEED, **OPTIONS)
    np.testing.assert_allclose(found, cross_entropy(target, log_probabilities(logits)), rtol=1e-5)


def test_a_million_voxels_lose_no_digit_and_no_gradient():
    losses = tf.Variable([[0.2], [0.2 + 3e-6], [0.9]])
    terms = tf.constant([1e6])
    with tf.GradientTape() as tape:
        loss = likelihood_of_draws(losses, terms)
    difference = 1e6 * (losses[1, 0] - losses[0, 0]).numpy().astype(float)
    expected = 0.2 - (np.log1p(np.exp(-difference)) - np.log(3)) / 1e6
    assert float(loss[0]) == pytest.approx(expected, abs=1e-7)
    shares = tape.gradient(loss, losses).numpy().ravel()
    assert shares.sum() == pytest.approx(1.0, rel=1e-5)
    assert shares[0] == pytest.approx(1 / (1 + np.exp(-difference)), rel=1e-4)
