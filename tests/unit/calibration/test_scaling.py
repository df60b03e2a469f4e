"""Scaling: fitted against brute force, and in the sampling graph as in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references_scores as slow
from tfuq.calibration import scaling as recalibration
from tfuq.calibration.reducers import PickedSamples, Scaled, UnscaledMean, choose_places
from tfuq.measures.reducers import Moments


def sampled(seed, samples=3, n=60, classes=4, sharpness=3.0):
    """Samples ``[T, n, K]`` that are too sure of classes drawn from something flatter, and those classes."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, classes))
    y = (logits + rng.gumbel(size=(n, classes))).argmax(1)
    drawn = sharpness * (logits + 0.3 * rng.normal(size=(samples, n, classes)))
    p = np.exp(drawn)
    return p / p.sum(-1, keepdims=True), y


def folded(reducer, samples):
    """A reducer's statistics of samples ``[T, N, *S, K]``."""
    count = tf.constant(len(samples))
    state = reducer.initialize([*map(tf.constant, samples.shape[1:-1]), samples.shape[-1]], count)
    for t, p in enumerate(samples):
        state = reducer.update(state, tf.constant(p, tf.float32), tf.constant(t))
    return {name: value.numpy() for name, value in reducer.finalize(state, count).items()}


@pytest.mark.parametrize("seed", range(3))
def test_nll_and_its_gradient(seed):
    p, y = sampled(seed)
    rng = np.random.default_rng(seed)
    weights, bias = rng.uniform(0.3, 2, 4), rng.normal(size=4)
    value, gradient = recalibration.mean_nll(np.log(p), y, weights, bias)
    assert value == pytest.approx(slow.recalibrated_nll(p, y, weights, bias))
    step = 1e-6
    for row, k in np.ndindex(2, 4):
        moved = np.stack([weights, bias])
        moved[row, k] += step
        assert gradient[row, k] == pytest.approx(
            (recalibration.mean_nll(np.log(p), y, *moved)[0] - value) / step, abs=1e-4
        )


def test_temperature_is_the_best_of_many():
    p, y = sampled(1, n=400)
    weights, bias = recalibration.fit_temperature(np.log(p), y)
    assert (weights == weights[0]).all()
    assert not bias.any()
    grid = np.linspace(0.05, 2, 400)
    tried = [recalibration.mean_nll(np.log(p), y, np.full(4, w), bias)[0] for w in grid]
    assert weights[0] == pytest.approx(grid[np.argmin(tried)], abs=0.01)
    assert recalibration.mean_nll(np.log(p), y, weights, bias)[0] <= min(tried) + 1e-9


def test_a_known_temperature_is_found():
    """Classes drawn from p, and p made too sure by a temperature of 1/3: one sample, 20,000 items."""
    (true,), _ = sampled(2, samples=1, n=20_000, sharpness=1.0)
    y = (np.random.default_rng(0).random((20_000, 1)) > np.cumsum(true, 1)).sum(1).clip(0, 3)
    sharp = true**3 / (true**3).sum(-1, keepdims=True)
    weights, _ = recalibration.fit_temperature(np.log(sharp)[None], y)
    assert weights == pytest.approx(np.full(4, 1 / 3), rel=0.03)


def test_vector_scaling_is_no_worse_and_undoes_a_bias():
    p, y = sampled(3, n=500)
    skewed = p * np.array([5.0, 1, 1, 0.3])
    logs = np.log(skewed / skewed.sum(-1, keepdims=True))
    by_temperature = recalibration.mean_nll(logs, y, *recalibration.fit_temperature(logs, y))[0]
    weights, bias = recalibration.fit_vector(logs, y)
    assert recalibration.mean_nll(logs, y, weights, bias)[0] < by_temperature - 0.03
    assert bias.argmin() == 0
    assert bias.argmax() == 3


def test_vector_scaling_believes_no_class_that_was_never_wrong():
    p, y = sampled(5, n=300)
    p[:, :, 0] = np.where(y == 0, 0.999, 0.001)
    p /= p.sum(-1, keepdims=True)
    weights, bias = recalibration.fit_vector(np.log(p), y)
    temperature = recalibration.fit_temperature(np.log(p), y)[0][0]
    assert (weights < 4 * temperature).all()
    assert (np.abs(bias) < 3).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_scaling_in_the_graph_is_that_of_numpy(classes):
    p, _ = sampled(4, samples=5, n=2 * 6, classes=classes)
    volumes = p.reshape(5, 2, 3, 2, classes)
    weights, bias = np.linspace(0.5, 1.4, classes), np.linspace(-0.3, 0.4, classes)
    expected = recalibration.scaled(volumes, weights, bias)
    given = (
        volumes[..., 1:] if classes == 2 else volumes
    )  # a binary network's channel is its foreground's
    found = folded(Scaled([Moments()], weights, bias), given)
    np.testing.assert_allclose(found["mean"], expected.mean(0), atol=1e-5)
    np.testing.assert_allclose(found["variance"], expected.var(0), atol=1e-5)
    np.testing.assert_allclose(
        folded(UnscaledMean(), given)["uncalibrated"], volumes.mean(0), atol=1e-5
    )


def test_picked_samples():
    volumes = np.random.default_rng(0).random((4, 2, 5, 3, 3)).astype(np.float32)
    places = choose_places(15, 8)
    picking = PickedSamples()
    picking.places.assign(places)
    few = folded(picking, volumes)
    assert few["picked"].shape == (2, 4, 8, 3)
    flat = volumes.reshape(4, 2, 15, 3)
    np.testing.assert_array_equal(few["picked"], flat[:, :, places].swapaxes(0, 1))
    np.testing.assert_array_equal(choose_places(15, 15), range(15))
    images = folded(PickedSamples(), volumes[:, :, 0, 0])
    np.testing.assert_array_equal(images["picked"], volumes[:, :, 0, 0].swapaxes(0, 1)[:, :, None])
