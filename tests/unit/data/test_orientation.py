"""Orientations by name, and exact turns between them, compared with nibabel's own."""

import nibabel
import numpy as np
import pytest

from tests.support.headers import OBLIQUE
from tests.support.orientations import NAMES
from tests.support.volumes import TILTED, smooth_volume
from tfuq.data.orientation import (
    Turn,
    axis_along,
    common_orientation,
    most_frequent_orientation,
    orientation_of,
)
from tfuq.data.regridding import differ_by_whole_voxels, onto_grid, resample
from tfuq.data.volume import Volume, turned


def by_nibabel(volume: Volume, name: str) -> nibabel.Nifti1Image:
    image = nibabel.Nifti1Image(volume.array, volume.affine)
    start = nibabel.io_orientation(volume.affine)
    return image.as_reoriented(
        nibabel.orientations.ornt_transform(start, nibabel.orientations.axcodes2ornt(name))
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_turn_is_exact_and_goes_back(name):
    volume = smooth_volume()
    turn = Turn.to(volume.affine, name)
    there = turned(volume, turn)
    expected = by_nibabel(volume, name)
    assert orientation_of(there.affine) == name
    np.testing.assert_array_equal(there.array, expected.dataobj)
    np.testing.assert_allclose(there.affine, expected.affine, atol=1e-12)
    np.testing.assert_array_equal(turn.back.array(there.array), volume.array)
    back = onto_grid(there, volume)
    np.testing.assert_array_equal(back.array, volume.array)
    assert differ_by_whole_voxels(there, volume)


@pytest.mark.parametrize("name", NAMES)
def test_resampling_is_the_same_in_every_order_of_axes(name):
    """Brought to a coarser grid and back, the values are those of the native order."""
    volume = smooth_volume(shape=(9, 8, 7))
    coarse = resample(volume, (5, 4, 6))
    native = onto_grid(coarse, volume).array
    turn = Turn.to(volume.affine, name)
    np.testing.assert_allclose(
        onto_grid(coarse, turned(volume, turn)).array, turn.array(native), atol=1e-6
    )


def test_there_are_48_orientations():
    assert len(set(NAMES)) == 48


@pytest.mark.parametrize("affine", [TILTED, OBLIQUE])
def test_a_volume_in_its_own_orientation_is_the_same_object(affine):
    volume = smooth_volume(affine=affine)
    assert turned(volume, Turn.to(affine, orientation_of(affine))) is volume


@pytest.mark.parametrize("name", NAMES)
def test_the_axis_along_another(name):
    affine = turned(smooth_volume(), Turn.to(TILTED, name)).affine
    for axis, kind in enumerate(("LR", "PA", "IS")):
        assert name[axis_along(affine, "RAS", axis)] in kind
    assert axis_along(affine, None, 1) == 1


def test_orientations_of_many():
    assert common_orientation(["LPS", "LPS"]) == "LPS"
    assert common_orientation(["LPS", "RAS", "LPS"]) == "RAS"
    assert most_frequent_orientation(["RAS", "LPS", "LPS"]) == "LPS"
    assert most_frequent_orientation(["RAS", "LPS"]) == "LPS"
