"""Losses of classes."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tests.support.references import class_losses
from tfuq.config import LossConfig
from tfuq.data.preprocessing import PADDING
from tfuq.networks.losses import (
    cross_entropy,
    log_probabilities,
    make_class_loss,
    probabilities,
    sample_probabilities,
    soft_dice,
)

NOWHERE = [math.nan, math.nan]
CLASS_LOSSES = ("cross-entropy", "weighted-cross-entropy", "soft-dice", "dice-ce")


@pytest.mark.parametrize("name", CLASS_LOSSES)
def test_a_loss_is_that_of_the_scans_own_voxels(name):
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 3, (2, 7, 6)), rng.normal(size=(2, 7, 6, 3)).astype(np.float32)
    boxes = [(slice(1, 6), slice(0, 6)), (slice(2, 4), slice(1, 5))]
    padded = np.full_like(labels, PADDING)
    for number, box in enumerate(boxes):
        padded[(number, *box)] = labels[(number, *box)]
    weights = [1.0, 2.0, 5.0]
    loss = make_class_loss(LossConfig(name=name, dice_weight=0.9), weights)
    found = loss(tf.constant(padded, tf.int32), log_probabilities(tf.constant(logits)))
    for number, box in enumerate(boxes):
        own = logits[(number, *box)].reshape(-1, 3).astype(float)
        p = np.exp(own) / np.exp(own).sum(-1, keepdims=True)
        expected = class_losses(p, labels[(number, *box)].ravel(), weights, dice_weight=0.9)[name]
        assert float(found[number]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", CLASS_LOSSES)
def test_padding_has_no_gradient_and_a_patch_of_it_no_loss(name):
    logits = tf.Variable(np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32))
    labels = np.full((2, 5, 4), PADDING)
    labels[0, 1:4] = np.arange(12).reshape(3, 4) % 3
    with tf.GradientTape() as tape:
        losses = make_class_loss(LossConfig(name=name), [1.0, 2.0, 5.0])(
            tf.constant(labels, tf.int32), log_probabilities(logits)
        )
        total = tf.reduce_sum(losses)
    gradient = tape.gradient(total, logits).numpy()
    assert losses[1] == 0
    assert np.isfinite(gradient).all()
    assert gradient[labels != PADDING].any()
    assert not gradient[labels == PADDING].any()


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_probabilities_are_the_exponential_of_their_logarithms(classes):
    logits = np.random.default_rng(0).normal(0, 3, (5, classes)).astype(np.float32)
    both = np.concatenate([np.zeros_like(logits), logits], -1) if classes == 1 else logits
    expected = np.array([references.softmax(row) for row in both])
    np.testing.assert_allclose(probabilities(tf.constant(logits)), expected, atol=1e-6)
    np.testing.assert_allclose(tf.exp(log_probabilities(tf.constant(logits))), expected, atol=1e-6)
    own = expected[:, 1:] if classes == 1 else expected
    np.testing.assert_allclose(sample_probabilities(tf.constant(logits)), own, atol=1e-6)


@pytest.mark.parametrize("logit", [-200.0, 200.0])
def test_a_sure_network_has_finite_logarithms(logit):
    found = log_probabilities(tf.constant([[logit]])).numpy()[0]
    assert sorted(found) == [-200.0, 0.0]


def test_the_weight_of_an_image_s_class_is_not_cancelled():
    log_p = tf.math.log([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    found = cross_entropy(tf.constant([0, 2]), log_p, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(found, [-np.log(0.5), -3 * np.log(0.8)], rtol=1e-6)


def test_weights_of_the_configuration_come_before_those_of_the_data():
    log_p, labels = tf.math.log([[0.5, 0.5]]), tf.constant([1])
    for own, weight in (([1.0, 4.0], 4.0), (None, 7.0)):
        config = LossConfig(name="weighted-cross-entropy", class_weights=own)
        found = make_class_loss(config, [1.0, 7.0])(labels, log_p)
        np.testing.assert_allclose(found, [weight * np.log(2)], rtol=1e-6)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 4, 5, 3)).astype(np.float32) * 2
    return rng.integers(0, 3, (3, 4, 5)).astype(np.int32), logits


def test_class_losses_against_the_reference(batch):
    labels, logits = batch
    log_p = log_probabilities(tf.constant(logits))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(tf.exp(log_p), p, atol=1e-6)
    np.testing.assert_allclose(probabilities(tf.constant(logits)), p, atol=1e-6)
    weights = [1.0, 2.0, 5.0]
    y = tf.constant(labels)
    for n in range(3):
        expected = references.class_losses(
            p[n].reshape(-1, 3), labels[n].ravel(), weights, dice_weight=0.9
        )
        for name, value in expected.items():
            loss = make_class_loss(LossConfig(name=name, dice_weight=0.9), weights)
            assert float(loss(y, log_p)[n]) == pytest.approx(value, rel=1e-5), name


def test_the_class_of_an_image_has_its_weight():
    """It is the only term of its example, so that a mean over terms would leave no weight."""
    log_p = tf.math.log(tf.constant([[0.7, 0.3], [0.2, 0.8]]))
    loss = make_class_loss(LossConfig(name="weighted-cross-entropy"), [0.5, 4.0])
    np.testing.assert_allclose(
        loss(tf.constant([0, 1]), log_p), [-0.5 * np.log(0.7), -4 * np.log(0.8)], rtol=1e-6
    )


def test_binary_networks_have_two_probabilities():
    logits = tf.constant([[[-40.0], [0.0], [3.0]]])
    expected = 1 / (1 + np.exp([40.0, 0.0, -3.0]))
    np.testing.assert_allclose(probabilities(logits)[0, :, 1], expected, atol=1e-7)
    np.testing.assert_allclose(tf.reduce_sum(probabilities(logits), -1), 1, atol=1e-6)
    labels = tf.constant([[1, 0, 1]])
    assert float(cross_entropy(labels, log_probabilities(logits))[0]) == pytest.approx(
        (40 + np.log(2) - np.log(expected[2])) / 3, rel=1e-5
    )
    assert soft_dice(labels, log_probabilities(logits)).shape == (1,)
