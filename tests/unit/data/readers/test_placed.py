"""Affines of directions, spacing and origin."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from tests.support.itk import axis_orders, oblique, require_placed, write_itk
from tfuq.data.readers.metaimage import read_metaimage, read_metaimage_affine
from tfuq.data.readers.nrrd import read_nrrd, read_nrrd_affine
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


ARRAY = np.random.default_rng(0).integers(-999, 999, (5, 4, 3)).astype(np.int16)
FORMATS = {
    ".nrrd": (read_nrrd, read_nrrd_affine),
    ".nhdr": (read_nrrd, read_nrrd_affine),
    ".mha": (read_metaimage, read_metaimage_affine),
    ".mhd": (read_metaimage, read_metaimage_affine),
}
WHOLE = [".nrrd", ".mha"]  # of header and voxels in one file


@pytest.mark.parametrize(
    "direction", [*axis_orders()[::5], oblique()], ids=lambda d: str(d.round(1))
)
@pytest.mark.parametrize("suffix", FORMATS)
def test_voxels_and_their_places_are_those_of_itk(tmp_path, suffix, direction):
    path = tmp_path / f"a{suffix}"
    write_itk(path, ARRAY, direction=direction, compress=suffix in WHOLE)
    volume = require_placed(*FORMATS[suffix], path)
    np.testing.assert_array_equal(volume.array, ARRAY)
    assert volume.header.form.endswith("directions")
    assert volume.header.doubt == ""


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("suffix", WHOLE)
def test_labels_keep_their_numbers_and_images_are_float32(tmp_path, suffix, dtype):
    array = ARRAY.clip(0, 100).astype(dtype)
    if dtype in ("i8", "u8"):
        array[0, 0, 0] = 2**60 + 1
    path = write_itk(tmp_path / f"a{suffix}", array)
    read, _ = FORMATS[suffix]
    label = read(path, is_label=True)
    np.testing.assert_array_equal(label.array, array)
    assert label.array.dtype == dtype
    assert read(path).array.dtype == np.float32


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("suffix", WHOLE)
def test_components_are_channels(tmp_path, suffix, axes):
    array = np.random.default_rng(0).random((5, 4, 3, 2)[4 - axes - 1 :]).astype(np.float32)
    path = write_itk(tmp_path / f"a{suffix}", array, axes=axes)
    volume = require_placed(*FORMATS[suffix], path, axes)
    expected = array if axes == 3 else array[:, :, None]
    np.testing.assert_array_equal(volume.array, expected)


@pytest.mark.parametrize("suffix", WHOLE)
def test_two_axes_are_a_slice(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_itk(path, ARRAY[..., 0], axes=2, direction=[[0, -1], [1, 0]])
    volume = require_placed(*FORMATS[suffix], path, 2)
    np.testing.assert_array_equal(volume.array, ARRAY[..., :1])
    assert volume.ndim == 2


@pytest.mark.parametrize("suffix", WHOLE)
def test_a_fourth_axis_is_channels(tmp_path, suffix):
    array = np.stack([ARRAY, -ARRAY], -1)
    path = tmp_path / f"a{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array.T, isVector=False), str(path))
    np.testing.assert_array_equal(require_placed(*FORMATS[suffix], path).array, array)
