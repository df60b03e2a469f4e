"""Volumes: their place in space, and the way from one grid to another."""

from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from tests.support.volumes import TILTED, smooth_volume
from tfuq.data.budget import MemoryShortageError
from tfuq.data.headers import SpatialHeader
from tfuq.data.preprocessing import pad_to
from tfuq.data.regridding import differ_by_whole_voxels, onto_grid, reaches_beyond, resample
from tfuq.data.volume import Volume, require_affine, require_finite, shift_origin, take
from tfuq.errors import DataError


def test_a_grid_has_the_place_and_no_voxels():
    header = SpatialHeader.of_affine(np.eye(4))
    volume = Volume(np.ones((2, 3, 4, 2), np.float32), np.diag([1.0, 2, 3, 1]), header)
    grid = volume.grid
    assert grid.same_grid(volume)
    assert grid.header is header
    assert not grid.array.any()
    assert sum(grid.array.strides) == 0


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


def test_a_box_that_is_the_whole_volume_is_not_copied():
    volume = smooth_volume()
    assert take(volume, np.array([0, 0, 0]), volume.shape).array is volume.array
    moved = take(volume, np.array([0, 0, 1]), volume.shape, fill=-1)
    np.testing.assert_array_equal(moved.array[:, :, :-1], volume.array[:, :, 1:])
    assert (moved.array[:, :, -1] == -1).all()


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


def test_sizes_are_those_of_a_voxel():
    volume = smooth_volume()
    np.testing.assert_allclose(volume.spacing, [np.hypot(0.9, 0.3), np.hypot(0.9, 0.3), 2])
    assert volume.voxel_volume == pytest.approx((0.9**2 + 0.3**2) * 2)


@pytest.mark.parametrize(
    ("shape", "move", "expected"),
    [
        ((20, 18, 12), 0, True),
        ((20, 18, 12), 1e-4, True),
        ((20, 18, 12), 1e-1, False),
        ((20, 18, 11), 0, False),
    ],
)
def test_a_grid_is_the_same_within_the_precision_of_a_header(shape, move, expected):
    other = smooth_volume(shape, affine=TILTED + move)
    assert smooth_volume().same_grid(other) == expected


def test_interpolation_is_that_of_scipy():
    volume = smooth_volume(channels=1)
    affine = TILTED.copy()
    affine[:3, 3] = TILTED[:3] @ [2.25, 3.5, 4.75, 1]
    reference = Volume(np.empty((9, 8, 3), np.uint8), affine)
    axes = [np.arange(size) for size in volume.shape]
    positions = np.moveaxis(np.indices((9, 8, 3)), 0, -1) + np.array([2.25, 3.5, 4.75])
    interpolate = RegularGridInterpolator(axes, volume.array[..., 0])
    expected = interpolate(positions)
    found = onto_grid(volume, reference)
    np.testing.assert_allclose(found.array[..., 0], expected, atol=1e-5)
    assert found.same_grid(reference)


@pytest.mark.parametrize(
    ("shift", "copies"), [((1, -2, 3), True), ((0.5, 0, 0), False), ((1e-6, 0, 0), True)]
)
def test_grids_that_differ_by_whole_voxels_are_copied(shift, copies):
    volume = smooth_volume()
    moved = shift_origin(volume, volume.array, np.array(shift))
    assert differ_by_whole_voxels(volume, moved) == copies
    assert not differ_by_whole_voxels(volume, resample(volume, (10, 18, 12)))


@pytest.mark.parametrize(
    ("start", "shape", "expected"),
    [
        ((0, 0, 0), (20, 18, 12), False),
        ((5, 5, 5), (3, 3, 3), False),
        ((-1, 0, 0), (5, 5, 5), True),
        ((18, 0, 0), (3, 5, 5), True),
    ],
)
def test_a_grid_reaches_beyond_another_if_a_centre_does(start, shape, expected):
    field = smooth_volume()
    grid = take(field, np.array(start), shape)
    assert reaches_beyond(grid, field) == expected


def test_finer_voxels_at_the_border_do_not_reach_beyond():
    field = smooth_volume()
    assert not reaches_beyond(resample(field, (80, 72, 48)), field)


def test_smoothing_is_against_aliasing():
    """A pattern of every other voxel: three voxels in one by chance show it, smoothed not."""
    stripes = (np.indices((30, 6, 6))[0] % 2).astype(np.float32)
    volume = Volume(stripes, np.eye(4))
    rough = resample(volume, (10, 6, 6)).array
    smooth = resample(volume, (10, 6, 6), smooth=True).array
    assert np.ptp(rough) == 1
    assert np.ptp(smooth[2:-2]) < 0.05
    assert smooth[2:-2].mean() == pytest.approx(0.5, abs=0.03)


def test_numbers_that_are_none_are_counted():
    array = np.ones((3, 3, 3))
    require_finite(Path("a.nii"), array)
    array[0, 0] = [np.nan, np.inf, 1]
    with pytest.raises(DataError, match=r"a.nii: 2 voxels are NaN or infinite"):
        require_finite(Path("a.nii"), array)


def changed(row, column, value):
    affine = TILTED.copy()
    affine[row, column] = value
    return affine


@pytest.mark.parametrize(
    "affine",
    [
        np.eye(3),
        changed(3, 0, 1),
        changed(0, 0, np.nan),
        changed(0, 3, 2e9),
        np.diag([1, 1, 0, 1.0]),
        np.diag([1, 1, 2e6, 1.0]),
        TILTED[:, [0, 0, 2, 3]],
    ],
)
def test_a_matrix_that_maps_no_voxels_is_refused(affine):
    require_affine(TILTED)
    with pytest.raises(ValueError, match="its affine is singular"):
        require_affine(affine)


def test_what_does_not_fit_is_not_resampled():
    with pytest.raises(MemoryShortageError, match="of memory that are free"):
        resample(smooth_volume(), (2**20, 2**20, 2**20))
