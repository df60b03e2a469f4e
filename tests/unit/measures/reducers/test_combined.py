"""Combinations of samples other than the mean."""

import numpy as np
import pytest

from tests.support import references
from tests.support.reducing import reduce_all
from tfuq.measures.reducers.combined import LogitMean, MajorityShare
from tfuq.measures.voxel import voxel_maps, voxel_reducers


def draws(classes: int, samples: int = 6) -> np.ndarray:
    """[T, N, voxels, K]."""
    rng = np.random.default_rng(classes)
    return rng.dirichlet(np.full(classes, 0.5), (samples, 2, 50)).clip(1e-5).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_mean_of_logits_is_the_normalized_geometric_mean(classes):
    p = draws(classes)
    found = reduce_all(p, [LogitMean()])["combined"]
    np.testing.assert_allclose(found, references.logit_mean(p.astype(float)), atol=2e-6)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_majority_is_that_of_labels(classes):
    p = draws(classes)
    found = reduce_all(p, [MajorityShare()])["combined"].numpy()
    expected = references.majority_share(p.reshape(6, -1, classes).astype(float))
    np.testing.assert_allclose(found.reshape(-1, classes), expected, atol=1e-6)
    votes = np.eye(classes)[p.argmax(-1)].sum(0)
    chosen = np.take_along_axis(votes, found.argmax(-1)[..., None], -1)[..., 0]
    np.testing.assert_array_equal(chosen, votes.max(-1))


def test_a_tie_of_votes_is_decided_by_the_mean():
    p = np.array([[0.45, 0.55], [0.9, 0.1]])[:, None, None]
    found = reduce_all(p, [MajorityShare()])["combined"].numpy()[0, 0]
    np.testing.assert_allclose(found, [(1 + 0.675) / 3, (1 + 0.325) / 3], rtol=1e-6)


@pytest.mark.parametrize("reducer", [LogitMean(), MajorityShare()])
def test_a_binary_network_has_both_classes(reducer):
    p = draws(2)[..., 1:]
    both = np.concatenate([1 - p, p], -1)
    one, two = (reduce_all(each, [reducer])["combined"] for each in (p, both))
    np.testing.assert_allclose(one, two, atol=2e-6)


@pytest.mark.parametrize("reducer", [LogitMean(), MajorityShare()])
def test_a_sum_of_windows_that_rounds_to_above_one_is_one(reducer):
    p = np.full((4, 1, 1, 1), np.nextafter(np.float32(1), np.float32(2)))
    background, foreground = reduce_all(p, [reducer])["combined"].numpy()[0, 0]
    assert 0 <= background < foreground <= 1


def test_maps_stay_those_of_the_samples_and_the_label_is_that_of_the_combination():
    p = np.array([[0.45, 0.55], [0.45, 0.55], [0.95, 0.05]])[:, None, None]
    plain = voxel_maps(reduce_all(p, voxel_reducers()))
    voted = voxel_maps(reduce_all(p, [*voxel_reducers(), MajorityShare()]))
    assert plain["probability"].numpy().argmax() == 0
    assert voted["probability"].numpy().argmax() == 1
    for name in ("predictive_entropy", "expected_entropy", "variation_ratio"):
        np.testing.assert_array_equal(plain[name], voted[name])
