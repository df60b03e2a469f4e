"""Penalties of members that are trained together."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tests.support import references_diversity as references
from tfuq.training.diversity.coupling import correlating, coupling_of, repelling

P, WEIGHTS = references.some_members()
TRAINING = SimpleNamespace(
    index=range(20),
    member_rows=lambda rng, left_out: list(range(20)),
    terms_of_rows=lambda rows: 50 * len(rows),
)


def penalties(coupling):
    return np.array(coupling(list(map(tf.constant, P)), tf.constant(WEIGHTS)))


def config_of(kind, strength=None, **loss):
    ensemble = {"diversity": kind, "strength": strength}
    loss = {"name": "cross-entropy"} | loss
    return settings("x", "hybrid", ensemble=ensemble, training={"loss": loss, "batch_size": 6})


def test_correlation_is_a_mean_over_the_global_batch():
    """This replica has 3 of its 6 examples."""
    expected = 0.7 * references.negative_correlation(P, WEIGHTS).sum(1) / 6
    np.testing.assert_allclose(penalties(correlating(0.7, 6)), expected, rtol=1e-6)


def test_repulsion_is_of_the_batch_as_a_whole():
    expected = 0.7 * references.log_densities(P, WEIGHTS)
    np.testing.assert_allclose(penalties(repelling(0.7)), expected, rtol=1e-6)


def test_a_strength_is_taken_as_it_is_given():
    found = penalties(coupling_of(config_of("negative-correlation", 0.2), TRAINING))
    np.testing.assert_allclose(found, penalties(correlating(0.2, 6)))
    found = penalties(coupling_of(config_of("repulsive", 0.2), TRAINING))
    np.testing.assert_allclose(found, penalties(repelling(0.2)))


def test_correlation_is_half_where_nothing_is_given():
    found = penalties(coupling_of(config_of("negative-correlation"), TRAINING))
    np.testing.assert_allclose(found, penalties(correlating(0.5, 6)))


@pytest.mark.parametrize(
    ("loss", "share"),
    [({}, 1.0), ({"name": "dice-ce", "dice_weight": 0.9}, 0.1)],
)
def test_repulsion_is_a_nat_of_the_posterior_where_nothing_is_given(loss, share):
    """1,000 terms of the likelihood are averaged, which may be a share of the loss."""
    found = penalties(coupling_of(config_of("repulsive", **loss), TRAINING))
    np.testing.assert_allclose(found, penalties(repelling(share / 1000)), rtol=1e-6)
    assert (found >= -share / 1000 * math.log(len(P))).all()
