"""Repulsion of members in function space."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.support.references_diversity import log_densities as reference
from tests.support.references_diversity import slope, some_members, squared_distance
from tfuq.training.diversity.repulsion import log_densities


@pytest.mark.parametrize("members", [2, 3, 4, 5])
def test_densities_are_those_of_the_kernel_s_formula(members):
    p, weights = some_members(members)
    found = log_densities(list(map(tf.constant, p)), tf.constant(weights))
    np.testing.assert_allclose(found, reference(p, weights), rtol=1e-10)
    assert all(-math.log(members) <= float(value) <= 0 for value in found)


def test_two_members_have_the_known_density():
    """With one pair the kernel of it is 1 / (M + 1), whatever the distance."""
    members = [tf.constant([[[0.9, 0.1]]]), tf.constant([[[0.5, 0.5]]])]
    found = log_densities(members, tf.ones([1, 1]))
    np.testing.assert_allclose(found, math.log((1 + 1 / 3) / 2), rtol=1e-5)


def gradients(p, weights):
    """Of each member's density by its own probabilities, and by all others."""
    members = list(map(tf.constant, p))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(members)
        densities = log_densities(members, tf.constant(weights))
    own = [tape.gradient(density, f) for density, f in zip(densities, members, strict=True)]
    others = [tape.gradient(densities[0], f) for f in members[1:]]
    return np.array(own), others


def test_the_gradient_is_that_of_finite_differences_with_the_other_members_held():
    p, weights = some_members()
    own, others = gradients(p, weights)
    assert others == [None] * 3
    pairs = [squared_distance(p[i], p[j], weights) for i in range(4) for j in range(i)]
    bandwidth = np.median(pairs) / math.log(5)

    def density(member):
        return reference([member], weights, bandwidth, p)[0]

    for index in [(0, 0, 0), (1, 4, 2), (2, 3, 1)]:
        assert own[1][index] == pytest.approx(slope(density, p[1], index), abs=1e-8)


def test_members_that_are_nearly_one_are_pushed_apart():
    """Descent takes them away from each other in a straight line."""
    p, weights = some_members(members=1)
    nudge = np.random.default_rng(1).normal(scale=1e-4, size=p[0].shape)
    pair = np.array([p[0], p[0] + nudge])
    own, _ = gradients(pair, weights)
    before = squared_distance(*pair, weights)
    moved = pair - 1e-9 * own
    assert squared_distance(*moved, weights) > before
    np.testing.assert_allclose(own[0], -own[1])
    is_weighted = np.broadcast_to(weights[..., None] > 0, nudge.shape)
    assert (np.sign(own[0]) == np.sign(nudge))[is_weighted].all()


def test_members_that_are_one_have_a_finite_density_and_gradient():
    p, weights = some_members(members=1)
    own, _ = gradients(np.array([p[0], p[0], p[0]]), weights)
    np.testing.assert_array_equal(own, 0.0)


def test_replicas_add_up_to_the_whole_batch():
    """Each has a share of the examples, and knows the distances of all."""
    p, weights = some_members()
    whole, _ = gradients(p, weights)
    expected = reference(p, weights)
    distances = [[squared_distance(f, g, weights) for g in p] for f in p]
    total = 0.0
    for share in (slice(0, 1), slice(1, 3)):
        members = list(map(tf.constant, p[:, share]))
        with tf.GradientTape() as tape:
            tape.watch(members)
            found = log_densities(
                members,
                tf.constant(weights[share]),
                lambda _: tf.constant(distances, tf.float64),
                replicas=2,
            )
            sums = tf.add_n(found)
        np.testing.assert_allclose(tape.gradient(sums, members), whole[:, share], atol=1e-12)
        total = total + np.array(found)
    np.testing.assert_allclose(total, expected, rtol=1e-10)
