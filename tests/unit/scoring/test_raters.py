"""Scores of many raters and of an ensemble's diversity against slow references and known answers."""

import numpy as np
import pytest

from tests.support import references
from tfuq.scoring import raters


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
