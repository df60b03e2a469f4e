"""One optimization step."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings
from tfuq.networks.layers import LayerFactory, layer_policy
from tfuq.networks.layers.variational import GaussianPosterior
from tfuq.training.step import TrainingStep
from tfuq.training.strategy import make_strategy

SEED = tf.constant([1, 2])
IMAGES = tf.constant([[0.0, 1.0], [2.0, 4.0], [1.0, 1.5]])
TARGETS = tf.constant([1.0, -1.0, 0.5])


def squares(targets, outputs, _seed):
    return tf.square(tf.cast(outputs[:, 0], tf.float32) - targets)


def a_step(
    *, weights=None, epsilon=0.0, policy="float32", with_xla=False, penalty=None, **training
):
    """A step of a linear network of two inputs, and the network."""
    training = {"batch_size": 3, "learning_rate": 0.01} | training
    config = settings("x", training=training, ensemble={"adversarial_epsilon": epsilon})
    strategy = make_strategy("cpu:1")
    with strategy.scope():
        layers = LayerFactory(weights=weights)
        image = tf_keras.Input((2,))
        with layer_policy(policy):
            outputs = layers.dense(1, name="linear")(image)
        model = tf_keras.Model([image, layers.seed], outputs)
    options = {"policy": policy, "with_xla": with_xla, "penalty": penalty}
    return TrainingStep(config, strategy, model, squares, **options), model


def test_a_loss_is_the_mean_over_the_batch_and_goes_down():
    step, model = a_step()
    expected = np.mean((model([IMAGES, SEED])[:, 0] - TARGETS) ** 2)
    logs = [step(IMAGES, TARGETS, SEED, tf.constant(1.0)) for _ in range(5)]
    assert float(logs[0]["loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(logs[0]["kl"]) == 0
    assert set(logs[0]) == {"loss", "data_loss", "kl"}
    assert float(logs[-1]["loss"]) < float(logs[0]["loss"])


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_loss_has_the_warm_up_s_share_of_the_divergence(share):
    step, _ = a_step(weights=GaussianPosterior(kl_scale=0.1))
    logs = step(IMAGES, TARGETS, SEED, tf.constant(share))
    assert float(logs["kl"]) > 0
    expected = float(logs["data_loss"]) + share * float(logs["kl"])
    assert float(logs["loss"]) == pytest.approx(expected, rel=1e-5)


def test_a_penalty_of_the_weights_is_a_term_of_the_loss_whose_gradient_they_follow():
    """Alone, of a loss that is 0, it takes them down."""
    kernels = []
    step, model = a_step(penalty=lambda: 3.0 * tf.reduce_sum(tf.abs(kernels[0])))
    kernels.append(model.trainable_variables[0])
    step._loss = lambda *arguments: 0.0 * squares(*arguments)
    before = np.abs(model.get_weights()[0])
    logs = step(IMAGES, TARGETS, SEED, tf.constant(0.5))
    assert float(logs["penalty"]) == pytest.approx(3.0 * before.sum(), rel=1e-5)
    assert float(logs["loss"]) == pytest.approx(float(logs["penalty"]), rel=1e-5)
    assert (np.abs(model.get_weights()[0]) < before).all()


def test_adversarial_examples_are_worse_by_the_sign_of_the_gradient():
    """The loss is the mean over the images and over those moved by ε times their own range."""
    step, model = a_step(epsilon=0.1)
    kernel, bias = (array.astype(float) for array in model.get_weights())
    images, targets = IMAGES.numpy().astype(float), TARGETS.numpy()
    errors = images @ kernel[:, 0] + bias - targets
    size = 0.1 * np.ptp(images, axis=1, keepdims=True)
    moved = images + size * np.sign(errors[:, None] * kernel[:, 0])
    worse = moved @ kernel[:, 0] + bias - targets
    logs = step(IMAGES, TARGETS, SEED, tf.constant(1.0))
    expected = np.mean(np.concatenate([errors, worse]) ** 2)
    assert float(logs["data_loss"]) == pytest.approx(expected, rel=1e-5)


def test_a_learning_rate_holds_until_another_is_set():
    step, model = a_step()
    moved = []
    for rate in (0.01, 0.01, 0.5):
        step.set_learning_rate(rate)
        before = model.get_weights()[0]
        step(IMAGES, TARGETS, SEED, tf.constant(1.0))
        moved.append(np.abs(model.get_weights()[0] - before).max())
    assert moved[1] == pytest.approx(0.01, rel=0.2)
    assert moved[2] > 0.2


def test_small_gradients_do_not_vanish_in_float16():
    step, model = a_step(policy="mixed_float16")
    plain, plain_model = a_step()
    plain_model.set_weights(model.get_weights())
    tiny = 1e-9  # of the loss; its gradients are below the least number of float16
    step._loss = lambda *arguments: tiny * squares(*arguments)
    plain._loss = step._loss
    for _ in range(3):
        step(IMAGES, TARGETS, SEED, tf.constant(1.0))
        plain(IMAGES, TARGETS, SEED, tf.constant(1.0))
    for array, expected in zip(model.get_weights(), plain_model.get_weights(), strict=True):
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, expected, rtol=0.05)


def test_a_network_predicts_with_the_averages_and_trains_on_without_them():
    step, model = a_step(ema=0.9)
    values = []
    for _ in range(3):
        step(IMAGES, TARGETS, SEED, tf.constant(1.0))
        values.append(model.get_weights()[0])
    average = values[0]
    for number, value in enumerate(values[1:], start=1):
        share = number / (number + 10)
        average = share * average + (1 - share) * value
    arrays = step.arrays(model)
    assert set(arrays) == {"linear/kernel", "linear/bias"}
    np.testing.assert_allclose(arrays["linear/kernel"], average, rtol=1e-5)
    np.testing.assert_array_equal(model.get_weights()[0], values[-1])


@pytest.mark.parametrize(
    "options",
    [
        {"epsilon": 0.1},
        {"weights": GaussianPosterior(kl_scale=0.1)},
        {"policy": "mixed_float16"},
        {"optimizer": "sgd", "ema": 0.9, "clip_norm": 0.1, "weight_decay": 0.1},
        {"policy": "mixed_float16", "ema": 0.9, "clip_norm": 0.1},
    ],
    ids=["adversarial", "variational", "float16", "sgd", "average of float16"],
)
def test_a_compiled_step_is_the_plain_one(options):
    plain, plain_model = a_step(**options)
    compiled, compiled_model = a_step(with_xla=True, **options)
    compiled_model.set_weights(plain_model.get_weights())
    for share in (0.5, 1.0):
        expected = plain(IMAGES, TARGETS, SEED, tf.constant(share))
        logs = compiled(IMAGES, TARGETS, SEED, tf.constant(share))
        assert set(logs) == set(expected)
        for name, value in expected.items():
            assert float(logs[name]) == pytest.approx(float(value), rel=1e-5, abs=1e-6), name
    weights = zip(compiled_model.get_weights(), plain_model.get_weights(), strict=True)
    for array, of_plain in weights:
        np.testing.assert_allclose(array, of_plain, atol=1e-5)
