"""Lesions and the components that find them, against sets of voxels."""

import numpy as np
import pytest

from tests.support.references_lesions import detection
from tfuq.measures.components import components_of
from tfuq.scoring.lesions import detect


def detected(predicted, reference, least_iou=None):
    numbers = [components_of(mask, 1).numbers for mask in (predicted, reference)]
    return detect(*numbers, least_iou)


@pytest.mark.parametrize("least_iou", [None, 0.2, 1.0])
def test_pairs_are_those_of_a_slow_search(least_iou):
    rng = np.random.default_rng(4)
    reference = rng.random((9, 8, 7)) < 0.2
    predicted = reference ^ (rng.random(reference.shape) < 0.12)
    found = detected(predicted, reference, least_iou)
    pairs, false, duplicates = detection(predicted, reference, least_iou)
    assert len(pairs) > 3
    of_lesions = {r + 1: p for r, p in enumerate(found.found_by.tolist()) if p}
    assert sorted(found.iou[found.iou > 0]) == pytest.approx(sorted(i for _, i in pairs.values()))
    assert len(of_lesions) == len(pairs)
    assert np.count_nonzero(found.is_false) == len(false)
    assert found.duplicates == len(duplicates)


def row(*parts):
    """A mask of one row of voxels, from its runs."""
    mask = np.zeros((20, 1, 1), bool)
    for start, stop in parts:
        mask[start:stop] = True
    return mask


def test_a_component_finds_one_of_the_lesions_that_it_touches():
    found = detected(row((0, 10)), row((0, 4), (6, 9)))
    assert found.found_by.tolist() == [1, 0]
    assert found.iou.tolist() == [0.4, 0.0]
    assert found.overlap.tolist() == [1.0, 1.0]
    assert found.is_false.tolist() == [False]


def test_a_second_piece_of_a_lesion_is_no_false_positive():
    found = detected(row((0, 4), (5, 7), (15, 16)), row((0, 8)))
    assert found.finds.tolist() == [1, 0, 0]
    assert found.is_false.tolist() == [False, False, True]
    assert found.duplicates == 1
    assert found.overlap.tolist() == [0.75]


def test_what_overlaps_too_little_is_missed_and_false():
    found = detected(row((0, 4)), row((2, 8)), 0.5)
    assert found.found_by.tolist() == [0]
    assert found.overlap.tolist() == [pytest.approx(1 / 3)]
    assert found.is_false.tolist() == [True]


@pytest.mark.parametrize(("predicted", "reference"), [((), ()), (((0, 2),), ()), ((), ((0, 2),))])
def test_nothing_predicted_or_nothing_there(predicted, reference):
    found = detected(row(*predicted), row(*reference))
    assert found.found_by.tolist() == [0] * len(reference)
    assert found.is_false.tolist() == [True] * len(predicted)
