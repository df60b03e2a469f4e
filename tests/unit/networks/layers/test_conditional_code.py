"""The code of a probabilistic U-Net."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support import references
from tfuq.networks.layers.conditional_code import ConditionalCode, OneHot

SEED = tf.constant([1, 2])


def moments(seed, examples=4):
    return np.random.default_rng(seed).normal(size=(examples, 6)).astype(np.float32)


def widths(raw):
    return np.log1p(np.exp(raw) * np.expm1(1.0)) + 1e-3


def test_kl_of_posterior_and_prior_matches_the_reference():
    prior, posterior = moments(0), moments(1)
    expected = []
    for p, q in zip(prior, posterior, strict=True):
        expected.append(references.gaussian_kl(q[:3], widths(q[3:]), p[:3], widths(p[3:])))
    layer = ConditionalCode(kl_scale=0.01, name="code")
    layer(prior, posterior=posterior, seed=SEED, training=True)
    assert float(sum(layer.losses)) == pytest.approx(0.01 * np.mean(expected), rel=1e-3)
    layer(prior, posterior=prior, training=True)
    assert float(sum(layer.losses)) == pytest.approx(0.0, abs=1e-6)


def test_without_a_posterior_the_code_is_of_the_prior_and_costs_nothing():
    prior, posterior = moments(0), moments(1)
    layer = ConditionalCode(kl_scale=1.0, name="code")
    np.testing.assert_array_equal(layer(prior), prior[:, :3])
    np.testing.assert_array_equal(layer(prior, posterior=posterior), posterior[:, :3])
    noise = (layer(prior, seed=SEED) - prior[:, :3]) / widths(prior[:, 3:])
    assert layer.losses == []
    of_posterior = layer(prior, posterior=posterior, seed=SEED) - posterior[:, :3]
    np.testing.assert_allclose(of_posterior / widths(posterior[:, 3:]), noise, atol=1e-5)


def test_one_draw_serves_all_in_prediction_and_each_has_its_own_in_training():
    same = np.repeat(moments(0)[:1], 5, axis=0)
    layer = ConditionalCode(kl_scale=1.0, name="code")
    np.testing.assert_allclose(np.ptp(layer(same, seed=SEED), axis=0), 0.0, atol=1e-6)
    assert len(np.unique(layer(same, seed=SEED, training=True)[:, 0])) == 5


def test_draws_have_the_moments_of_the_prior():
    prior = moments(0, examples=1)
    layer = ConditionalCode(kl_scale=1.0, name="code")
    many = layer(np.repeat(prior, 20_000, axis=0), seed=SEED, training=True).numpy()
    width = widths(prior[0, 3:])
    assert (abs(many.mean(0) - prior[0, :3]) < 4 * width / 20_000**0.5).all()
    np.testing.assert_allclose(many.std(0), width, rtol=0.03)


def test_a_voxel_without_a_label_has_no_class():
    found = OneHot(3)(tf.constant([[0, 2, 255]])).numpy()
    np.testing.assert_array_equal(found, [[[1, 0, 0], [0, 0, 1], [0, 0, 0]]])
