"""One optimization step of all members."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tests.support import references_diversity as references
from tfuq.networks.layers import LayerFactory
from tfuq.tasks.logits import ClassTask
from tfuq.training.diversity.coupling import correlating, repelling
from tfuq.training.diversity.step import JointStep
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import make_strategy

KERNELS = np.random.default_rng(0).normal(size=(3, 2, 3)).astype(np.float32)
IMAGES = tf.constant([[0.0, 1.0], [2.0, 4.0], [1.0, 1.5], [-1.0, 0.3]])
LABELS = tf.constant([0, 2, 1, 1])
SEEDS = tf.constant([[1, 0], [2, 0], [3, 0]])
ONE = tf.constant(1.0)


def config_of():
    training = {"batch_size": 4, "learning_rate": 0.1, "optimizer": "sgd", "momentum": 0.0}
    return settings("x", training=training)


def cross_entropies(labels, logits, _seed):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def members_on(strategy):
    """The steps of three linear classifiers."""
    steps = []
    for kernel in KERNELS:
        with strategy.scope():
            layers = LayerFactory()
            image = tf_keras.Input((2,))
            outputs = layers.dense(3, name="linear")(image)
            model = tf_keras.Model([image, layers.seed], outputs)
        model.set_weights([kernel, np.zeros(3, np.float32)])
        steps.append(TrainingStep(config_of(), strategy, model, cross_entropies))
    return steps


def joint_step(coupling, *, with_xla=False):
    strategy = make_strategy("cpu:1")
    members = members_on(strategy)
    distributions = ClassTask().distributions(config_of())
    step = JointStep(strategy, members, distributions, coupling, with_xla=with_xla)
    return step, [member.model for member in members]


def kernels(models):
    return np.array([model.get_weights()[0] for model in models])


def probabilities(all_kernels):
    """``[M, N, 1, K]``"""
    logits = IMAGES.numpy().astype(float) @ all_kernels.astype(float)
    p = np.exp(logits)
    return (p / p.sum(-1, keepdims=True))[:, :, None]


@pytest.mark.parametrize("coupling", [correlating(0.0, 4), repelling(0.0)])
def test_without_strength_every_member_trains_as_alone(coupling):
    step, models = joint_step(coupling)
    alone = members_on(make_strategy("cpu:1"))
    for _ in range(3):
        all_logs = step(IMAGES, LABELS, SEEDS, ONE)
        for number, member in enumerate(alone):
            logs = member(IMAGES, LABELS, SEEDS[number], ONE)
            assert float(all_logs[number]["loss"]) == pytest.approx(float(logs["loss"]), rel=1e-6)
    np.testing.assert_allclose(kernels(models), kernels([each.model for each in alone]), atol=1e-6)


def test_penalties_are_those_of_the_outputs():
    p = probabilities(KERNELS)
    for coupling, expected in (
        (correlating(0.7, 4), 0.7 * references.negative_correlation(p, np.ones([4, 1])).mean(1)),
        (repelling(0.7), 0.7 * references.log_densities(p, np.ones([4, 1]))),
    ):
        step, _ = joint_step(coupling)
        all_logs = step(IMAGES, LABELS, SEEDS, ONE)
        found = [float(logs["penalty"]) for logs in all_logs]
        np.testing.assert_allclose(found, expected, rtol=1e-4)
        for logs in all_logs:
            total = float(logs["data_loss"]) + float(logs["penalty"])
            assert float(logs["loss"]) == pytest.approx(total, rel=1e-5)


def test_repulsion_alone_drives_members_apart_and_correlation_too():
    """The loss of labels left out, each step takes every pair's mean distance up."""
    for coupling in (correlating(1.0, 4), repelling(1.0)):
        step, models = joint_step(coupling)
        for member in step._members:
            member._loss = lambda labels, logits, seed: 0.0 * cross_entropies(labels, logits, seed)
        distances = []
        for _ in range(4):
            p = probabilities(kernels(models))
            distances.append(((p - p.mean(0)) ** 2).sum())
            step(IMAGES, LABELS, SEEDS, ONE)
        assert distances == sorted(distances)
        assert distances[-1] > 1.01 * distances[0]


@pytest.mark.parametrize("coupling", [correlating(0.5, 4), repelling(0.5)])
def test_a_compiled_step_is_the_plain_one(coupling):
    plain, plain_models = joint_step(coupling)
    compiled, compiled_models = joint_step(coupling, with_xla=True)
    for _ in range(2):
        expected = plain(IMAGES, LABELS, SEEDS, ONE)
        found = compiled(IMAGES, LABELS, SEEDS, ONE)
        for of_member, others in zip(found, expected, strict=True):
            assert set(of_member) == {"loss", "data_loss", "kl", "penalty"}
            assert float(of_member["loss"]) == pytest.approx(float(others["loss"]), rel=1e-5)
    np.testing.assert_allclose(kernels(compiled_models), kernels(plain_models), atol=1e-5)
