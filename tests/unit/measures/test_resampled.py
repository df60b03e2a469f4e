"""Maps on another grid than the network's."""

import numpy as np
import pytest

from tfuq.measures.resampled import between_members, entropy, resampled_maps


def test_entropy_and_variance_by_hand():
    p = np.array([[0.5, 0.5], [1, 0], [0.9, 0.1], [1.0000001, -1e-9]], np.float32)
    np.testing.assert_allclose(entropy(p), [np.log(2), 0, 0.3251, 0], atol=5e-5)
    assert not np.signbit(entropy(p)).any()
    members = [np.array([[0.2, 0.8]]), np.array([[0.5, 0.5]])]
    # Mean 0.3 / 0.7 by weights 2 : 1, whose variance is 0.02 in either class.
    np.testing.assert_allclose(between_members(members, np.array([2, 1]) / 3), [0.02])


def test_neighbours_that_differ_in_every_sample_alike():
    """Half-way between two sure voxels nothing is known, and samples agree on that."""
    here = np.array([[[[0.5, 0.5]]]])
    drawn = {
        "mutual_information": np.zeros(1),
        "variation_ratio": np.zeros(1),
        "variance": np.zeros((1, 2)),
    }
    found = resampled_maps(
        drawn, here, lambda array, nearest=False: np.zeros((1, 1, 1)), several=True
    )
    assert found["predictive_entropy"].item() == pytest.approx(np.log(2))
    assert found["expected_entropy"].item() == pytest.approx(np.log(2))
    assert found["mutual_information"].item() == found["standard_deviation"].item() == 0


def onto_twice(array, *, nearest=False):
    """Two voxels along the last axis as three, the one between them interpolated."""
    middle = array[..., :1] if nearest else array.mean(-1, keepdims=True)
    return np.concatenate([array[..., :1], middle, array[..., 1:]], -1)


def test_maps_are_made_of_means_on_the_new_grid():
    mutual = np.array([[[0.1, 0.3]]])
    maps = {
        "mutual_information": mutual,
        "variation_ratio": np.array([[[0.25, 0.5]]]),
        "variance": np.array([[[[0.04, 0.09], [0.16, 0.01]]]]),
    }
    probability = np.array([[[[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]]]])
    found = resampled_maps(maps, probability, onto_twice, several=True)
    np.testing.assert_allclose(found["mutual_information"], [[[0.1, 0.2, 0.3]]])
    np.testing.assert_allclose(found["variation_ratio"], [[[0.25, 0.25, 0.5]]])
    # The label is class 0, 0 (the first of equals) and 1; the variance between is its mean.
    np.testing.assert_allclose(found["standard_deviation"], np.sqrt([[[0.04, 0.1, 0.01]]]))
    total = found["expected_entropy"] + found["mutual_information"]
    np.testing.assert_allclose(total, found["predictive_entropy"])


def test_mutual_information_is_at_most_the_predictive_entropy():
    maps = {
        "mutual_information": np.full((1, 1, 2), 0.5),
        "variation_ratio": np.zeros((1, 1, 2)),
        "variance": np.zeros((1, 1, 2, 2)),
    }
    sure = np.array([[[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]]])
    found = resampled_maps(maps, sure, onto_twice, several=True)
    assert not found["mutual_information"].any()
    assert not found["expected_entropy"].any()


def test_one_sample_has_predictive_entropy_alone():
    half = np.full((1, 1, 1, 2), 0.5)
    found = resampled_maps({}, half, onto_twice, several=False)
    assert list(found) == ["predictive_entropy"]
