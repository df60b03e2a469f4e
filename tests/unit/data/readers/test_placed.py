"""Affines of directions, spacing and origin."""

from pathlib import Path

import numpy as np
import pytest

from tfuq.data.readers.placed import (
    FROM_LAS,
    FROM_LPS,
    FROM_RAS,
    Place,
    affine_of,
    require_millimetres,
    volume_of,
)
from tfuq.errors import DataError

STEPS = np.array([[0.0, 0, 4], [2, 0, 0], [0, 3, 0]])


@pytest.mark.parametrize(
    ("to_ras", "signs"), [(FROM_RAS, (1, 1)), (FROM_LAS, (-1, 1)), (FROM_LPS, (-1, -1))]
)
def test_coordinates_are_brought_to_ras(to_ras, signs):
    affine = affine_of(STEPS, np.array([5.0, 6, 7]), to_ras)
    x, y = signs
    expected = [[0, 0, 4 * x, 5 * x], [2 * y, 0, 0, 6 * y], [0, 3, 0, 7], [0, 0, 0, 1]]
    np.testing.assert_array_equal(affine, expected)


def test_a_slice_has_a_normal_of_1_mm():
    flat = affine_of(np.diag([2.0, 3.0]), np.array([5.0, 6]), FROM_LPS)
    np.testing.assert_array_equal(
        flat, [[-2, 0, 0, -5], [0, -3, 0, -6], [0, 0, 1, 0], [0, 0, 0, 1]]
    )
    turned = affine_of(STEPS[:, :2], np.zeros(3), FROM_RAS)
    np.testing.assert_allclose(turned[:3, 2], [1, 0, 0])


def test_a_fourth_coordinate_is_no_place():
    steps = np.vstack([STEPS, np.zeros(3)])
    affine = affine_of(steps, np.array([5.0, 6, 7, 99]), FROM_RAS)
    np.testing.assert_array_equal(affine[:3, :3], STEPS)
    steps[3, 0] = 1
    with pytest.raises(ValueError, match="which is no place"):
        affine_of(steps, np.zeros(4), FROM_RAS)


@pytest.mark.parametrize(
    ("steps", "origin", "kind", "words"),
    [
        (np.array([[1.0, 0.3, 0], [0, 1, 0], [0, 0, 1]]), 3, DataError, "at an angle of 73.3°"),
        (np.diag([1.0, 0, 1]), 3, ValueError, "singular"),
        (np.diag([1.0, np.nan, 1]), 3, ValueError, "singular"),
        (np.diag([1.0, 1, 1]), 2, ValueError, "3 axes lie in a space of 2"),
    ],
)
def test_what_is_no_grid_of_right_angles_is_refused(steps, origin, kind, words):
    with pytest.raises(kind, match=words):
        affine_of(steps, np.zeros(origin), FROM_RAS)


@pytest.mark.parametrize("unit", ["um", '"cm"', "furlong"])
def test_lengths_are_in_mm(unit):
    for good in ("", "mm", '"mm"', "MM"):
        require_millimetres(good)
    with pytest.raises(DataError, match="save it with lengths in mm"):
        require_millimetres(unit)


def test_arrays_become_volumes():
    place = Place(np.diag([2.0, 3, 4, 1]), "directions", "it may lie elsewhere")
    label = np.full((3, 4, 5, 1), 2**40 + 1)
    volume = volume_of(Path("a"), label, 3, place, is_label=True)
    assert (volume.array.shape, volume.array.dtype) == ((3, 4, 5), np.int64)
    assert (volume.header.form, volume.header.doubt) == ("directions", "it may lie elsewhere")
    assert volume.header.codes == (1, 1)
    flat = volume_of(Path("a"), label[..., 0, 0], 2, place, is_label=False)
    assert (flat.array.shape, flat.array.dtype, flat.ndim) == ((3, 4, 1), np.float32, 2)
    colours = volume_of(Path("a"), np.ones((3, 4, 2)), 2, place, is_label=False)
    assert colours.array.shape == (3, 4, 1, 2)
    with pytest.raises(DataError, match="a: 1 voxels are NaN"):
        volume_of(Path("a"), np.array([[1, np.nan]]), 2, place, is_label=False)
