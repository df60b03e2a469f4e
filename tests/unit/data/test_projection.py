"""A head's CT as an X-ray: known sums, the way it looks, and what turning it shows."""

import numpy as np
import pytest

from tfuq.data.perturbations import Subject, perturb
from tfuq.data.projection import lateral, upright
from tfuq.data.volume import Volume
from tfuq.errors import DataError


def ct(spacing=(1.0, 1.0, 1.0)) -> Volume:
    """Air, with a bone of 10 × 4 × 2 voxels that lies to the right, at the front and at the top."""
    array = np.full((20, 16, 12, 1), -1000.0, np.float32)
    array[10:20, 12:16, 10:12] = 1000
    return Volume(array, np.diag([*spacing, 1.0]))


def test_attenuation_is_summed_from_the_side():
    array = ct().array.copy()
    array[:5, 0:4, 0:2] = 0  # half the thickness, half the attenuation
    array[0, 8, 8] = -3000  # less than air is nothing
    picture = lateral(Volume(array, np.eye(4)), (12, 16)).array[:, :, 0, 0]
    expected = np.zeros((12, 16))
    expected[0:2, 12:16] = 1
    expected[10:12, 0:4] = 0.25
    np.testing.assert_allclose(picture, expected, rtol=1e-6)


def test_a_head_looks_to_the_right_whatever_its_axes():
    one = lateral(upright(ct()), (12, 16)).array
    flipped = Volume(
        ct().array[::-1, ::-1].transpose(2, 0, 1, 3),
        np.array([[0, -1, 0, 19], [0, 0, -1, 15], [1, 0, 0, 0], [0, 0, 0, 1]]),
    )
    np.testing.assert_array_equal(lateral(upright(flipped), (12, 16)).array, one)


def test_pixels_are_square_and_the_proportion_is_kept():
    picture = lateral(ct(spacing=(1.0, 1.0, 2.0)), (10, 5))
    assert picture.shape == (32, 16, 1)
    mass = picture.array[:, :, 0, 0]
    rows, columns = np.nonzero(mass > 0.5)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (4, 4)  # 2 voxels of 2 mm, 4 of 1 mm


def test_a_quarter_turn_shows_the_head_from_the_front():
    square = np.pad(ct().array, ((0, 0), (2, 2), (0, 0), (0, 0)), constant_values=-1000)
    front = perturb("rotation", Subject(Volume(square, np.eye(4))), 90, 0).image
    mass = lateral(front, (12, 20)).array[:, :, 0, 0]
    assert (mass[:2] > 0.5).sum(1).tolist() == [10, 10]  # its breadth
    assert not (mass[2:] > 0.01).any()


def test_air_gives_no_xray():
    with pytest.raises(DataError, match="air alone"):
        lateral(ct().with_array(np.full((4, 4, 4, 1), -1000.0)), (4, 4))
