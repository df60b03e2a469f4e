"""Anchors of members."""

import math

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from tests.conftest import settings, task_settings
from tests.support.histories import history, weights
from tests.support.observers import Stop
from tests.support.references_diversity import anchoring as reference
from tfuq.sampling.members import build_member
from tfuq.training import prepare, train
from tfuq.training.anchors import anchoring, anchoring_of, draw_anchors
from tfuq.training.material import member_training


@pytest.fixture(scope="module")
def network():
    return build_member(settings("x", rank=2), channels=1)


def test_anchoring_is_the_sum_of_squares_by_the_prior_s_variance(network):
    anchors = draw_anchors(network, 3, 0.5)
    arrays = [anchor.variable.numpy() for anchor in anchors]
    targets = [anchor.target.numpy() for anchor in anchors]
    expected = reference(arrays, targets, [0.5] * len(arrays))
    assert float(anchoring(anchors)) == pytest.approx(expected, rel=1e-5)


def test_weights_at_their_anchors_are_not_pulled(network):
    anchors = draw_anchors(network, 3, 0.5)
    before = network.get_weights()
    for anchor in anchors:
        anchor.variable.assign(anchor.target)
    assert float(anchoring(anchors)) == 0.0
    network.set_weights(before)


def test_anchors_are_drawn_from_the_prior(network):
    """In units of the prior's deviation they are standard normal, and no two layers share them."""
    for scale in (0.5, None):
        anchors = draw_anchors(network, 3, scale)
        drawn = [(anchor.target.numpy() / anchor.scale).ravel() for anchor in anchors]
        together = np.concatenate(drawn)
        assert together.std() == pytest.approx(1.0, abs=4 / math.sqrt(2 * len(together)))
        assert together.mean() == pytest.approx(0.0, abs=4 / math.sqrt(len(together)))
        assert len({array[0] for array in drawn}) == len(drawn)


def test_the_prior_of_a_layer_is_that_of_its_initializer(network):
    anchors = {anchor.variable.name: anchor for anchor in draw_anchors(network, 3, None)}
    first = next(anchor for anchor in anchors.values() if anchor.variable.shape.rank == 4)
    inputs = math.prod(first.variable.shape[:3])
    assert first.scale == pytest.approx(math.sqrt(2 / inputs))
    bias = anchors[first.variable.name.replace("/kernel", "/bias")]
    assert bias.scale == first.scale


def test_a_seed_has_its_anchors_again_and_another_seed_others(network):
    anchors = [draw_anchors(network, seed, None)[0].target.numpy() for seed in (3, 3, 4)]
    np.testing.assert_array_equal(anchors[0], anchors[1])
    assert not np.array_equal(anchors[0], anchors[2])
    assert not np.array_equal(anchors[0], network.trainable_variables[0].numpy())


def test_every_kernel_and_bias_has_one_and_nothing_else(network):
    anchored = {anchor.variable.name for anchor in draw_anchors(network, 3, None)}
    kinds = ("/kernel:0", "/bias:0")
    expected = {each.name for each in network.trainable_variables if each.name.endswith(kinds)}
    assert anchored == expected


def test_the_best_weights_are_those_of_the_known_posterior_mode():
    """A linear model, unit noise: (XᵀX + I / σ²) θ = Xᵀy + θ_anchor / σ² has the least loss."""
    rng = np.random.default_rng(0)
    inputs, outputs = rng.normal(size=(20, 3)), rng.normal(size=20)
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, use_bias=False, input_shape=(3,))])
    (anchor,) = draw_anchors(model, 3, 0.5)
    precision = inputs.T @ inputs + np.eye(3) / 0.5**2
    mode = np.linalg.solve(precision, inputs.T @ outputs + anchor.target.numpy()[:, 0] / 0.5**2)
    model.set_weights([mode[:, None].astype(np.float32)])
    with tf.GradientTape() as tape:
        residuals = model(tf.constant(inputs, tf.float32))[:, 0] - outputs.astype(np.float32)
        loss = tf.reduce_mean(residuals**2) / 2 + anchoring([anchor]) / 20
    np.testing.assert_allclose(tape.gradient(loss, anchor.variable), 0.0, atol=1e-5)


def anchored(digits, **training):
    training = {"epochs": 1, "steps_per_epoch": 1} | training
    ensemble = {"members": 2, "diversity": "anchored", "prior_scale": 0.05}
    return task_settings("classification", digits, "ensemble", training=training, ensemble=ensemble)


def test_other_kinds_of_diversity_have_no_anchors(network):
    assert anchoring_of(settings("x", "hybrid"), network, 3, 1.0) is None


@pytest.mark.slow
def test_each_member_is_pulled_to_anchors_of_its_own_by_the_number_of_images(digits, tmp_path):
    config = anchored(digits)
    material = prepare(config, "cpu:1")
    penalties = []
    for index in (0, 1):
        member = member_training(config, tmp_path / "none", index, material)
        anchors = draw_anchors(member.model, member.seed, 0.05)
        penalties.append(float(anchoring(anchors)) / 40)  # images
    run = train(config, tmp_path / "run")
    for index, expected in enumerate(penalties):
        row = history(run, index)[0]
        assert row["penalty"] == pytest.approx(expected, rel=1e-4)
        assert row["loss"] == pytest.approx(row["data_loss"] + expected, rel=1e-4)
    assert penalties[0] != pytest.approx(penalties[1], rel=1e-4)


@pytest.mark.slow
def test_frozen_layers_have_no_anchor(digits, tmp_path):
    """The penalty of the first step is that of the other layers, about which the run says nothing."""
    source = train(task_settings("classification", digits, "ensemble"), tmp_path / "source")
    frozen = {"initial_weights": str(source.path), "frozen": ["conv*"]}
    config = anchored(digits, **frozen)
    run = train(config, tmp_path / "run")
    for index in (0, 1):
        network = build_member(config, channels=1)
        anchors = draw_anchors(network, run.facts["seeds"][f"member {index}"], 0.05)
        learning = [each for each in anchors if not each.variable.name.startswith("conv")]
        assert 0 < len(learning) < len(anchors)
        starts = [weights(source, index)[each.variable.name[:-2]] for each in learning]
        targets = [each.target.numpy() for each in learning]
        expected = reference(starts, targets, [0.05] * len(starts)) / 40  # images
        assert history(run, index)[0]["penalty"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_resumed_training_has_the_same_anchors(digits, tmp_path):
    config = anchored(digits, epochs=2)
    whole = train(config, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped", observer=Stop(epoch=1, step=0))
    resumed = train(config, tmp_path / "stopped", resume=True)
    for name, array in weights(whole).items():
        np.testing.assert_array_equal(array, weights(resumed)[name], err_msg=name)
