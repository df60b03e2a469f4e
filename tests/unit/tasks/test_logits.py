"""Networks whose outputs are logits of classes."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support import references
from tfuq.data.preprocessing import PADDING
from tfuq.tasks.logits import ClassTask, both_classes

SEED, CORNER = tf.constant([1, 2]), tf.zeros([1, 2], tf.int32)


@pytest.mark.parametrize(
    ("rank", "heteroscedastic", "outputs"),
    [(3, False, 3), (3, True, 6), (2, False, 1), (2, True, 2)],
)
def test_a_binary_network_has_one_logit_and_noise_as_many_widths(rank, heteroscedastic, outputs):
    config = settings("x", rank=rank, network={"heteroscedastic": heteroscedastic})
    assert ClassTask().outputs(config) == outputs


def test_a_sample_is_of_all_classes_or_of_the_foreground():
    logits = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    expected = [references.softmax(row) for row in logits]
    sample = ClassTask().activation(settings("x"))(tf.constant(logits), SEED, CORNER)
    np.testing.assert_allclose(sample, expected, atol=1e-6)
    binary = ClassTask().activation(settings("x", rank=2))(tf.constant(logits[:, :1]), SEED, CORNER)
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-logits[:, :1])), atol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_noise_of_no_width_leaves_the_probability(rank):
    config = settings("x", rank=rank, network={"heteroscedastic": True, "noise_draws": 3})
    task = ClassTask()
    p = np.random.default_rng(0).dirichlet(np.ones(rank), (2, 4, 5))  # [N, *S, K]
    if rank == 2:
        widths = np.full((2, 4, 5, 1), -1e3)
        outputs = np.concatenate([np.log(p[..., 1:] / p[..., :1]), widths], -1)
        p = p[..., 1:]
    else:
        outputs = task.outputs_of(config, p.astype(np.float32)).numpy()
    sample = task.activation(config)(tf.constant(outputs, tf.float32), SEED, CORNER)
    np.testing.assert_allclose(sample, p, atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_loss_of_a_sample_is_that_of_its_probabilities(rank):
    """Also where a blended sample has a probability of 0, which counts as 1e-7."""
    config = settings("x", rank=rank, training={"loss": {"name": "cross-entropy"}})
    sample = np.array([[[0.0], [0.25]]], np.float32)
    if rank == 3:
        sample = np.array([[[1.0, 0.0, 0.0], [0.25, 0.25, 0.5]]], np.float32)
    loss = ClassTask().loss(config, SimpleNamespace(class_weights=None))
    labels = tf.constant([[1, 1]])
    found = loss(labels, ClassTask().outputs_of(config, sample), SEED)
    assert float(found[0]) == pytest.approx((-np.log(1e-7) - np.log(0.25)) / 2, rel=1e-4)


def test_both_classes_of_a_foreground_add_up_to_one():
    np.testing.assert_array_equal(both_classes(np.array([[0.25]])), [[0.75, 0.25]])
    three = np.array([[0.2, 0.3, 0.5]])
    assert both_classes(three) is three


def test_distributions_are_the_probabilities_of_the_scan_s_voxels():
    """Padding has no weight; the others of an example have equal ones."""
    logits = np.random.default_rng(0).normal(size=(2, 2, 3, 3)).astype(np.float32)
    labels = np.array([[[0, 1, 2], [PADDING, 1, 0]], [[PADDING] * 3] * 2], np.uint8)
    p, weights = ClassTask().distributions(settings("x"))(tf.constant(labels), logits, SEED)
    expected = [references.softmax(row) for row in logits.reshape(-1, 3)]
    np.testing.assert_allclose(np.reshape(p, [-1, 3]), expected, atol=1e-6)
    np.testing.assert_allclose(weights, [[0.2, 0.2, 0.2, 0.0, 0.2, 0.2], [0.0] * 6], atol=1e-6)


def test_distributions_of_an_image_are_of_both_classes():
    p, weights = ClassTask().distributions(settings("x", rank=2))(
        tf.constant([1, 0]), tf.constant([[0.0], [np.log(3.0)]]), SEED
    )
    np.testing.assert_allclose(p, [[[0.5, 0.5]], [[0.25, 0.75]]], atol=1e-6)
    np.testing.assert_allclose(weights, [[1.0], [1.0]])


def test_distributions_hold_the_noise_that_the_loss_draws():
    config = settings(
        "x",
        network={"heteroscedastic": True, "noise_draws": 3},
        training={"loss": {"name": "cross-entropy"}},
    )
    outputs = tf.constant(np.random.default_rng(0).normal(size=(2, 4, 6)), tf.float32)
    labels = tf.constant([[0, 1, 2, 0], [1, 1, 0, 2]])
    p, weights = ClassTask().distributions(config)(labels, outputs, SEED)
    np.testing.assert_allclose(tf.reduce_sum(p, -1), 1.0, atol=1e-5)
    loss = ClassTask().loss(config, SimpleNamespace(class_weights=None))(labels, outputs, SEED)
    chosen = -np.log(np.take_along_axis(p.numpy(), labels.numpy()[..., None], -1)[..., 0])
    np.testing.assert_allclose((weights * chosen).numpy().sum(-1), loss, rtol=1e-4)


def test_the_nll_is_of_what_is_no_padding():
    sample = np.array([[[0.2, 0.3, 0.5], [0.7, 0.1, 0.2], [0.0, 0.0, 1.0]]], np.float32)
    labels = np.array([[2, PADDING, 0]], np.uint8)
    expected = -(np.log(0.5) + np.log(1e-7)) / 2
    assert ClassTask().nll(sample, labels) == pytest.approx(expected, rel=1e-6)
    assert np.isnan(ClassTask().nll(sample, np.full((1, 3), PADDING)))
    of_images = ClassTask().nll(np.array([[0.25], [0.5]]), np.array([1, 0]))
    assert of_images == pytest.approx(-np.log(0.25 * 0.5) / 2)
