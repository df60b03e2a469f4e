"""How members of an ensemble differ, against slow references and known answers."""

import itertools
import math

import numpy as np
import pytest

from tfuq.scoring import diversity
from tfuq.scoring.diversity import mean_off_diagonal


def test_the_mean_of_pairs_leaves_out_those_that_are_not_defined():
    table = np.array([[9.0, 1.0, np.nan], [2.0, 9.0, 3.0], [np.nan, np.nan, 9.0]])
    assert mean_off_diagonal(table) == 2.0
    assert mean_off_diagonal(np.array([[9.0]])) is None


def test_diversity():
    rng = np.random.default_rng(1)
    p, y = rng.dirichlet(np.ones(3), (4, 30)), rng.integers(0, 3, 30)
    for i, j in itertools.product(range(4), repeat=2):
        apart = np.mean([a.argmax() != b.argmax() for a, b in zip(p[i], p[j], strict=True)])
        assert diversity.pairwise_disagreement(p)[i, j] == pytest.approx(apart)
        kl = np.mean(
            [
                sum(a * math.log(a / b) for a, b in zip(*pair, strict=True))
                for pair in zip(p[i], p[j], strict=True)
            ]
        )
        assert diversity.pairwise_divergence(p)[i, j] == pytest.approx(kl, abs=1e-12)
    wrong = p.argmax(-1) != y
    np.testing.assert_allclose(diversity.error_correlation(p, y), np.corrcoef(wrong))
    pairs = [np.corrcoef(wrong)[i, j] for i, j in itertools.permutations(range(4), 2)]
    assert diversity.mean_off_diagonal(diversity.error_correlation(p, y)) == pytest.approx(
        np.mean(pairs)
    )


def test_members_that_are_alike_or_never_wrong():
    p = np.stack([np.eye(3)[[0, 1, 2, 2]]] * 2)
    assert diversity.mean_off_diagonal(diversity.pairwise_disagreement(p)) == 0.0
    assert diversity.mean_off_diagonal(diversity.pairwise_divergence(p)) == pytest.approx(0)
    assert (
        diversity.mean_off_diagonal(diversity.error_correlation(p, np.array([0, 1, 2, 2]))) is None
    )


def test_gain_of_members():
    rng = np.random.default_rng(4)
    p, y = rng.dirichlet(np.ones(3), (4, 30)), rng.integers(0, 3, 30)
    curve = diversity.gain_curve(p, y, lambda label: np.mean(label == y))
    assert [len(found) for found in curve] == [4, 6, 4, 1]
    for found, size in zip(curve, (1, 2, 3, 4), strict=True):
        for row, chosen in zip(found, itertools.combinations(range(4), size), strict=True):
            mean = sum(p[m] for m in chosen) / size
            right = np.mean([mean[i].argmax() == y[i] for i in range(30)])
            nll = np.mean([-math.log(mean[i, y[i]]) for i in range(30)])
            assert row == pytest.approx([right, nll])
    # The logarithm is concave: more members never raise the mean negative log-likelihood.
    assert np.all(np.diff([found[:, 1].mean() for found in curve]) <= 0)


def test_many_members_have_some_of_their_subsets():
    chosen = diversity.subsets(20, 7)
    assert len(set(chosen)) == len(chosen) == 12
    assert all(len(set(members)) == 7 for members in chosen)
    assert chosen == diversity.subsets(20, 7)
