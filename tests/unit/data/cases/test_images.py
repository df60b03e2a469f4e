"""A case's image, read from its channels."""

import numpy as np
import pytest

from tests.support.data_files import write_idx, write_nifti_file
from tfuq.data.case import Case
from tfuq.data.cases.images import read_case_image
from tfuq.errors import DataError

RAMP = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


def test_channels_are_those_of_the_files_in_their_order(tmp_path):
    one = write_nifti_file(tmp_path / "one.nii", RAMP)
    two = write_nifti_file(tmp_path / "two.nii", np.stack([-RAMP, 2 * RAMP], -1))
    image = read_case_image(Case("a", (one, two)))
    np.testing.assert_array_equal(image.array, np.stack([RAMP, -RAMP, 2 * RAMP], -1))


def test_a_single_file_has_a_channel_axis_too(tmp_path):
    path = write_nifti_file(tmp_path / "one.nii", RAMP)
    assert read_case_image(Case("a", (path,))).array.shape == (4, 3, 2, 1)


def test_a_constant_channel_is_refused_with_its_file(tmp_path):
    image = write_nifti_file(tmp_path / "image.nii", RAMP)
    flat = write_nifti_file(tmp_path / "flat.nii", np.full((4, 3, 2), 3, np.float32))
    with pytest.raises(DataError, match=r"flat.nii: channel 1 is constant \(3\)"):
        read_case_image(Case("a", (image, flat)))


def test_channels_of_different_grids_are_refused(tmp_path):
    image = write_nifti_file(tmp_path / "image.nii", RAMP)
    other = write_nifti_file(tmp_path / "other.nii", RAMP[:3])
    with pytest.raises(DataError, match=r"other.nii: shape \(3, 3, 2\) differs"):
        read_case_image(Case("a", (image, other)))


def test_an_image_of_many_in_one_file_may_be_blank(tmp_path):
    images = np.zeros((2, 5, 4), np.uint8)
    images[1, 2, 3] = 7
    write_idx(tmp_path / "images", images)
    for row in (0, 1):
        image = read_case_image(Case("a", (tmp_path / "images",), row=row))
        np.testing.assert_array_equal(image.array[:, :, 0, 0], images[row])
