"""Scaling in the sampling graph."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.oversure import sampled
from tfuq.calibration import scaling as recalibration
from tfuq.calibration.reducers import PickedSamples, Scaled, UnscaledMean, choose_places
from tfuq.measures.reducers import Moments


def folded(reducer, samples):
    """A reducer's statistics of samples ``[T, N, *S, K]``."""
    count = tf.constant(len(samples))
    state = reducer.initialize([*map(tf.constant, samples.shape[1:-1]), samples.shape[-1]], count)
    for t, p in enumerate(samples):
        state = reducer.update(state, tf.constant(p, tf.float32), tf.constant(t))
    return {name: value.numpy() for name, value in reducer.finalize(state, count).items()}


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
    picking.pick(places, voxels=15, examples=2)
    few = folded(picking, volumes)
    assert few["picked"].shape == (2, 4, 8, 3)
    flat = volumes.reshape(4, 2, 15, 3)
    np.testing.assert_array_equal(few["picked"], flat[:, :, places].swapaxes(0, 1))
    np.testing.assert_array_equal(choose_places(15, 15), range(15))
    images = folded(PickedSamples(), volumes[:, :, 0, 0])
    np.testing.assert_array_equal(images["picked"], volumes[:, :, 0, 0].swapaxes(0, 1)[:, :, None])


def test_picked_samples_of_a_part_are_those_of_its_voxels():
    """Of two examples of 8 voxels each, the part has the voxels 5 to 10 of all 16."""
    volumes = np.random.default_rng(0).random((4, 2, 8, 3)).astype(np.float32)
    picking = PickedSamples()
    picking.pick(np.array([1, 3, 7]), voxels=8, examples=2)
    picking.begin_part(5)
    row = volumes.reshape(4, 1, 16, 3)
    found = folded(picking, row[:, :, 5:11])["picked"]
    np.testing.assert_array_equal(found[0], row[:, 0, [7, 9]])


def test_places_are_within_the_example_and_always_the_same():
    chosen = choose_places(1000, 50)
    assert chosen.shape == (50,)
    assert chosen.min() >= 0
    assert chosen.max() < 1000
    np.testing.assert_array_equal(chosen, choose_places(1000, 50))


def test_a_probability_of_zero_has_a_scaled_one():
    p = np.array([[[1.0, 0.0, 0.0]]])
    found = folded(Scaled([Moments()], [0.5, 0.5, 0.5], [0.0, 0.0, 1.0]), p[None])["mean"]
    expected = recalibration.scaled(p, np.full(3, 0.5), np.array([0.0, 0.0, 1.0]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, atol=1e-6)
