"""Each member's mean, and the variance between and within members."""

import numpy as np
import pytest
import tensorflow as tf

from tfuq.sampling.member_moments import MemberMoments
from tfuq.sampling.posterior import Posterior


@pytest.mark.parametrize(
    ("members", "classes"), [([0, 0, 0, 1, 1, 2, 2], 3), ([0, 0, 1], 1), ([0, 1, 2], 2)]
)
def test_moments_by_member(members, classes):
    samples = (
        np.random.default_rng(len(members)).random((len(members), 2, 5, classes)).astype(np.float32)
    )
    reducer = MemberMoments(Posterior([None] * (members[-1] + 1)), members[-1] + 1)
    state = reducer.initialize([2, 5, classes], tf.constant(len(samples)))
    for t, p in enumerate(samples):
        state = reducer.update(state, tf.constant(p), tf.constant(t))
    found = {
        name: value.numpy()
        for name, value in reducer.finalize(state, tf.constant(len(samples))).items()
    }
    p = np.concatenate([1 - samples, samples], -1) if classes == 1 else samples
    own = [np.stack([p[t] for t, m in enumerate(members) if m == k]) for k in sorted(set(members))]
    for k, by_member in enumerate(own):
        np.testing.assert_allclose(found["members"][:, k], by_member.mean(0), atol=1e-6)
    within = sum(((by_member - by_member.mean(0)) ** 2).sum(0) for by_member in own) / len(p)
    between = sum(len(by_member) * (by_member.mean(0) - p.mean(0)) ** 2 for by_member in own) / len(
        p
    )
    np.testing.assert_allclose(found["within_member_variance"], within.mean(-1), atol=1e-6)
    np.testing.assert_allclose(found["between_member_variance"], between.mean(-1), atol=1e-6)
    total = found["within_member_variance"] + found["between_member_variance"]
    np.testing.assert_allclose(total, p.var(0).mean(-1), atol=1e-6)
