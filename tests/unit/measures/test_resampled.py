"""Maps on another grid than the network's."""

import numpy as np
import pytest

from tfuq.measures.resampled import (
    RunningBetweenMembers,
    RunningLabel,
    deviation_of_label,
    entropy,
)


def test_entropy_and_variance_by_hand():
    p = np.array([[0.5, 0.5], [1, 0], [0.9, 0.1], [1.0000001, -1e-9]], np.float32)
    np.testing.assert_allclose(entropy(p), [np.log(2), 0, 0.3251, 0], atol=5e-5)
    assert not np.signbit(entropy(p)).any()
    planes = np.random.default_rng(0).dirichlet(np.ones(3), (40, 2))
    np.testing.assert_allclose(entropy(planes), -np.sum(planes * np.log(planes), -1))
    between = RunningBetweenMembers(np.array([2, 1]) / 3, (1,))
    between.add([np.array([0.2]), np.array([0.5])])
    between.add([np.array([0.8]), np.array([0.5])])
    # Mean 0.3 / 0.7 by weights 2 : 1, whose variance is 0.02 in either class.
    np.testing.assert_allclose(between.mean, np.float32([0.02]))


def test_the_label_is_the_first_of_the_likeliest():
    p = np.random.default_rng(0).integers(0, 3, (4, 5, 6, 7)).astype(np.float32)
    before = p.copy()
    running = RunningLabel((4, 5, 6))
    for k in range(7):
        running.add(k, p[..., k])
    np.testing.assert_array_equal(running.label, p.argmax(-1))
    np.testing.assert_array_equal(p, before)


def test_the_deviation_is_of_the_label_s_class():
    variances = {0: np.array([[[0.04, 0.1, 0.16]]]), 1: np.array([[[0.09, 0.05, 0.01]]])}
    found = deviation_of_label(lambda k: variances[k], np.array([[[0, 0, 1]]]))
    assert found == pytest.approx(np.sqrt([[[0.04, 0.1, 0.01]]]))
