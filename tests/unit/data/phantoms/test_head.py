"""The phantom of a head's CT: what lies where, in Hounsfield units."""

import numpy as np
import pytest

from tfuq.data.phantoms.head import SHAPE, SPACING_MM, head_ct, write_head_ct
from tfuq.data.readers import read


@pytest.fixture(scope="module")
def head():
    return head_ct(np.random.default_rng(0))


def around(head, place) -> float:
    """The median about a place in mm (right, front, top) from the middle of the field."""
    middle = (np.array(SHAPE) - 1) / 2
    x, y, z = np.rint(middle + np.array(place) / SPACING_MM).astype(int)
    return float(np.median(head[x - 1 : x + 2, y - 1 : y + 2, z - 1 : z + 2]))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((-80, -100, 95), -1000),  # air
        ((0, 0, 30), 35),  # brain
        ((0, -32, -80), 900),  # spine
        ((0, 50, -14), -1000),  # sinuses
    ],
)
def test_tissues_are_where_they_belong(head, place, value):
    assert around(head, place) == pytest.approx(value, abs=40)


def test_values_are_those_that_a_file_holds(head):
    assert head.dtype == np.int16
    assert head.min() >= -1024
    assert head.max() <= 3071


def test_files_are_numbered_and_of_the_phantoms_spacing(tmp_path):
    write_head_ct(tmp_path, 1, 0)
    volume = read(tmp_path / "head_01.nii.gz")
    expected = head_ct(np.random.default_rng([0, 1]))
    np.testing.assert_array_equal(volume.array, expected)
    np.testing.assert_allclose(volume.spacing, [SPACING_MM] * 3)
