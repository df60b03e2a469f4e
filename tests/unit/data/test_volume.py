"""Readers, layouts, splits, and the geometry of volumes."""

import numpy as np

from tests.support.volumes import smooth_volume
from tfuq.data.preprocessing import (
    pad_to,
)
from tfuq.data.volume import onto_grid, resample, take


def test_crop_and_pad_come_back_exactly():
    volume = smooth_volume()
    box = take(volume, np.array([3, -2, 4]), (10, 25, 6), fill=-1)
    back = onto_grid(box, volume, fill=-7)
    inside = np.zeros(volume.shape, bool)
    inside[3:13, :, 4:10] = True
    np.testing.assert_array_equal(back.array[inside], volume.array[inside])
    assert (back.array[~inside] == -7).all()
    padded = pad_to(volume, (24, 18, 13))
    assert padded.shape == (24, 18, 13)
    np.testing.assert_array_equal(onto_grid(padded, volume).array, volume.array)


def test_resampling_there_and_back_stays_in_place():
    volume = smooth_volume()
    fine = resample(volume, (40, 36, 24))
    np.testing.assert_allclose(fine.spacing, volume.spacing / 2)
    back = onto_grid(fine, volume)
    core = (slice(2, -2),) * 3
    assert np.abs(back.array[core] - volume.array[core]).max() < 0.02
    # A shift by one voxel would show: the same comparison one voxel off is far worse.
    assert np.abs(back.array[core] - volume.array[3:-1, 2:-2, 2:-2]).max() > 0.1
    # The corner of the field of view stays where it was.
    corner = np.array([-0.5, -0.5, -0.5, 1])
    np.testing.assert_allclose(fine.affine @ corner, volume.affine @ corner, atol=1e-9)


def test_outside_of_the_network_grid_is_fill():
    volume = smooth_volume(channels=3)
    half = resample(take(volume, np.array([0, 0, 0]), (10, 18, 12)), (5, 9, 6))
    back = onto_grid(half, volume, fill=(9, 8, 7))
    assert (back.array[11:] == [9, 8, 7]).all()
    assert (np.abs(back.array[:10]) <= 1).all()
