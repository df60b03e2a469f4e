"""Negative correlation of members."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.references_diversity import negative_correlation as reference
from tests.support.references_diversity import slope, some_members
from tfuq.training.diversity.negative_correlation import negative_correlation


def test_penalties_are_those_of_the_paper():
    p, weights = some_members()
    penalties = negative_correlation(list(map(tf.constant, p)), tf.constant(weights))
    np.testing.assert_allclose(penalties, reference(p, weights), atol=1e-12)


def test_two_members_have_the_known_penalty():
    """(0.9 − 0.7) · (0.5 − 0.7) for both classes."""
    members = [tf.constant([[[0.9, 0.1]]]), tf.constant([[[0.5, 0.5]]])]
    penalties = negative_correlation(members, tf.ones([1, 1]))
    np.testing.assert_allclose(penalties, [[-0.08], [-0.08]], atol=1e-6)


def test_a_member_s_gradient_is_its_distance_from_the_mean_and_of_no_other_member():
    p, weights = some_members()
    members = list(map(tf.constant, p))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(members)
        total = tf.reduce_sum(negative_correlation(members, tf.constant(weights))[1])
    expected = -weights[..., None] * (p[1] - p.mean(0))
    np.testing.assert_allclose(tape.gradient(total, members[1]), expected, atol=1e-12)
    assert tape.gradient(total, members[0]) is None


def test_the_gradient_is_that_of_finite_differences_with_the_other_members_held():
    """Of the product as it stands in the paper, in which f̄ and all f_j are constants."""
    p, weights = some_members()
    members = list(map(tf.constant, p))
    with tf.GradientTape() as tape:
        tape.watch(members[2])
        total = tf.reduce_sum(negative_correlation(members, tf.constant(weights))[2])
    gradient = tape.gradient(total, members[2]).numpy()
    mean = p.mean(0)
    others = sum(p[j] - mean for j in (0, 1, 3))

    def penalty(own):
        return (weights * ((own - mean) * others).sum(-1)).sum()

    for index in [(0, 0, 0), (1, 4, 2), (2, 3, 1)]:
        assert gradient[index] == pytest.approx(slope(penalty, p[2], index), abs=1e-8)


def test_equal_members_have_no_penalty():
    p, weights = some_members(members=1)
    penalties = negative_correlation([tf.constant(p[0])] * 3, tf.constant(weights))
    np.testing.assert_allclose(penalties, 0.0, atol=1e-15)
