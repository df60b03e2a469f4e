"""The mean over members that do not count alike."""

import numpy as np
import pytest
import tensorflow as tf

from tfuq.sampling.posterior import Posterior
from tfuq.sampling.weighted_mean import WeightedMean


@pytest.mark.parametrize(
    ("members", "classes"), [([0, 0, 0, 1, 1, 2, 2], 3), ([0, 0, 1], 1), ([0, 1, 2], 2)]
)
def test_members_weigh_what_they_are_given_whatever_their_samples(members, classes):
    samples = np.random.default_rng(0).random((len(members), 2, 5, classes)).astype(np.float32)
    weights = [0.5, 0.3, 0.2][: members[-1] + 1]
    found = reduced(WeightedMean(Posterior([None] * len(weights)), weights), samples)
    p = np.concatenate([1 - samples, samples], -1) if classes == 1 else samples
    expected = 0
    for member, weight in enumerate(weights):
        expected += weight * np.mean([q for q, m in zip(p, members, strict=True) if m == member], 0)
    np.testing.assert_allclose(found, expected / sum(weights), atol=1e-6)


def test_members_without_a_sample_are_left_out():
    samples = np.array([0.2, 0.8], np.float32).reshape(2, 1, 1, 1)
    found = reduced(WeightedMean(Posterior([None] * 3), [0.3, 0.1, 0.6]), samples)
    np.testing.assert_allclose(found[0, 0, 1], 0.75 * 0.2 + 0.25 * 0.8, rtol=1e-6)


def test_a_sum_of_windows_that_rounds_to_above_one_is_one():
    samples = np.full((2, 1, 1, 1), np.nextafter(np.float32(1), np.float32(2)))
    found = reduced(WeightedMean(Posterior([None] * 2), [0.3, 0.7]), samples)
    np.testing.assert_array_equal(found[0, 0], [0, 1])


def reduced(reducer: WeightedMean, samples: np.ndarray) -> np.ndarray:
    """What is combined of samples [T, N, …, K]."""
    count = tf.constant(len(samples))
    state = reducer.initialize(samples.shape[1:], count)
    for t, p in enumerate(samples):
        state = reducer.update(state, tf.constant(p), tf.constant(t))
    return reducer.finalize(state, count)["combined"].numpy()
