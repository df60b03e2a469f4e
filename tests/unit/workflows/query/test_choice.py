"""The order of a pool, and the core-set rule."""

import itertools

import numpy as np
import pytest

from tfuq.workflows.query.choice import SHORTLIST, choose, priorities, standardized

NONE = np.zeros((0, 2))


def test_priorities_are_mean_ranks():
    information = np.array([0.1, 0.4, 0.2, 0.2])
    assert priorities(information, None).tolist() == [0.125, 0.875, 0.5, 0.5]
    loss = np.array([4.0, 1.0, 2.0, 3.0])
    both = [(0.125 + 0.875) / 2, (0.875 + 0.125) / 2, (0.5 + 0.375) / 2, (0.5 + 0.625) / 2]
    assert priorities(information, loss).tolist() == both


def greedy(points, first, known, count):
    """The rule by its words, with every distance."""
    chosen = [first]
    while len(chosen) < count:
        left = [index for index in range(len(points)) if index not in chosen]
        centers = [*known, *points[chosen]]
        far = [min(np.linalg.norm(points[index] - each) for each in centers) for index in left]
        chosen.append(left[int(np.argmax(far))])
    return chosen


@pytest.mark.parametrize("m", [0, 3])
def test_each_is_the_farthest_of_the_shortlist_from_all_before(m):
    rng = np.random.default_rng(m)
    features = rng.normal(size=(40, 2))
    known = rng.normal(size=(m, 2))
    priority = rng.permutation(40) / 40
    chosen = choose(priority, features, known, 5)
    shortlist = np.argsort(-priority)[: SHORTLIST * 5]
    expected = greedy(features[shortlist], 0, known, 5)
    assert [each.index for each in chosen] == [int(shortlist[index]) for index in expected]
    for number, each in enumerate(chosen):
        centers = [*known, *features[[other.index for other in chosen[:number]]]]
        distances = [np.linalg.norm(features[each.index] - center) for center in centers]
        if not distances:
            assert each.distance is None
            continue
        assert each.distance == pytest.approx(min(distances))
        places = [*range(m), *[m + other.index for other in chosen[:number]]]
        assert each.nearest == places[int(np.argmin(distances))]


def test_two_groups_are_both_chosen_from_although_one_is_more_uncertain():
    features = np.array([[0.0, 0]] * 4 + [[5.0, 5]] * 4) + np.arange(8)[:, None] / 100
    priority = np.linspace(1, 0, 8)
    assert {each.index // 4 for each in choose(priority, features, NONE, 2)} == {0, 1}


def test_all_of_a_pool_may_be_chosen():
    chosen = choose(np.array([0.0, 1.0]), np.zeros((2, 2)), NONE, 2)
    assert [each.index for each in chosen] == [1, 0]


def test_groups_of_features_have_the_same_weight():
    rng = np.random.default_rng(0)
    groups = [rng.normal(3, 9, (50, 1)), rng.normal(0, 0.01, (50, 60)), np.ones((50, 4))]
    scaled = standardized(groups)
    pairs = np.array(list(itertools.combinations(range(50), 2)))
    for columns in (slice(0, 1), slice(1, 61)):
        squares = ((scaled[pairs[:, 0], columns] - scaled[pairs[:, 1], columns]) ** 2).sum(1)
        assert squares.mean() == pytest.approx(2 * 50 / 49)
    assert np.allclose(scaled[:, 61:], 0)
    assert np.allclose(scaled.mean(0), 0)
