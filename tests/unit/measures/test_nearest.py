"""Which component is nearest to a voxel."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from tfuq.measures.nearest import nearest_components


def of_feature_transform(numbers):
    """The numbers that scipy's feature transform of the whole volume gives."""
    nearest_voxel = ndimage.distance_transform_edt(
        numbers == 0, return_distances=False, return_indices=True
    )
    return numbers[tuple(nearest_voxel)]


def each_voxel_its_own(shape, share, seed):
    """Voxels each of which is a component, so that of two that are as near either can be told."""
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < share
    mask[tuple(rng.integers(0, shape))] = True
    numbers = np.zeros(shape, np.int32)
    numbers[mask] = rng.permutation(np.count_nonzero(mask)) + 1
    return numbers


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("shape", [(13, 9, 11), (1, 20, 17), (20, 1, 17), (20, 17, 1), (30, 4, 5)])
def test_nearest_are_those_of_the_whole_feature_transform(shape, share):
    for seed in range(5):
        numbers = each_voxel_its_own(shape, share, seed)
        found = nearest_components(numbers, np.ones(shape, bool))
        np.testing.assert_array_equal(found, of_feature_transform(numbers))


def test_of_equally_near_ones_the_first_in_the_order_of_fortran_counts():
    corners = [(0, 1, 1), (2, 1, 1), (1, 0, 1), (1, 2, 1), (1, 1, 0), (1, 1, 2)]
    centre = (1, 1, 1)
    winners = []
    while corners:
        numbers = np.zeros((3, 3, 3), np.uint8)
        for number, corner in enumerate(corners, start=1):
            numbers[corner] = number
        winner = nearest_components(numbers, numbers == 0)[centre]
        winners.append(corners.pop(winner - 1))
    assert winners == [(1, 1, 0), (1, 0, 1), (0, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2)]


def test_only_wanted_voxels_have_the_nearest():
    numbers = each_voxel_its_own((6, 7, 8), 0.05, 0)
    wanted = np.random.default_rng(1).random(numbers.shape) < 0.3
    expected = np.where(wanted, of_feature_transform(numbers), numbers)
    found = nearest_components(numbers, wanted)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == numbers.dtype


def test_memory_is_that_of_few_planes():
    """Twelve bytes a voxel and more before."""
    numbers = np.zeros((300, 64, 64), np.uint8)
    numbers[::6, ::6, ::6] = np.arange(50 * 11 * 11).reshape(50, 11, 11) % 250 + 1
    tracemalloc.start()
    nearest_components(numbers, numbers == 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3.5 * numbers.nbytes
