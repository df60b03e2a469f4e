"""Scores of many raters and of an ensemble's diversity against slow references and known answers."""

import itertools
import math

import numpy as np
import pytest

from tests.support import references
from tfuq.scoring import diversity, raters


@pytest.fixture(params=range(3))
def masks(request):
    """Samples and raters of one structure; in one case a rater and a sample that mark nothing."""
    rng = np.random.default_rng(request.param)
    samples, marked = rng.random((4, 5, 6, 2)) < 0.4, rng.random((3, 5, 6, 2)) < 0.5
    if request.param == 2:
        samples[0], marked[1] = False, False
    return samples, marked


def one_less_iou(a, b):
    union = (a | b).sum()
    return 1 - (a & b).sum() / union if union else 0.0


def test_samples_among_raters(masks):
    samples, marked = masks
    distance = [
        np.mean([one_less_iou(a, b) for a in x for b in y])
        for x, y in ((samples, marked), (samples,) * 2, (marked,) * 2)
    ]
    assert raters.energy_distance(samples, marked) == pytest.approx(
        2 * distance[0] - distance[1] - distance[2]
    )
    assert raters.rater_dice(marked) == pytest.approx(references.pairwise_dice(marked))
    assert raters.dice_matrix(samples, marked) == pytest.approx(
        np.array([[references.dice(sample, rater) for rater in marked] for sample in samples])
    )
    sizes = [s.sum() for s in samples]
    assert raters.volumes_covered(samples, marked).tolist() == [
        min(sizes) <= m.sum() <= max(sizes) for m in marked
    ]


def test_raters_alike():
    mask = np.arange(12).reshape(3, 4) % 3 == 0
    same = np.stack([mask] * 3)
    assert (raters.rater_dice(same), raters.rater_dice(mask[None])) == (1.0, None)
    assert raters.energy_distance(same, same) == 0.0
    assert raters.energy_distance(mask[None], ~mask[None]) == 2.0


def test_disagreement_and_its_correlation():
    votes = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [1, 2, 0, 1]])
    mixed, three = references.entropy([1 / 3, 2 / 3]), references.entropy([1 / 3] * 3)
    np.testing.assert_allclose(raters.rater_disagreement(votes, 3), [0, three, 0, mixed], atol=1e-9)
    rng = np.random.default_rng(0)
    a, b = rng.random((4, 5)), rng.random((4, 5))
    assert raters.normalized_cross_correlation(a, b) == pytest.approx(
        np.corrcoef(a.ravel(), b.ravel())[0, 1]
    )
    assert raters.normalized_cross_correlation(a, 3 - 2 * a) == pytest.approx(-1)
    assert raters.normalized_cross_correlation(a, np.ones((4, 5))) is None


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
