"""Files of a case that must lie on one grid."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.data_files import write_nifti_file
from tfuq.data.case import Case
from tfuq.data.cases.grids import read_on_grid, require_same_grid
from tfuq.data.volume import Volume
from tfuq.errors import DataError

IMAGE = Volume(np.zeros((4, 3, 2, 1), np.float32), np.eye(4))
CASE = Case("a", (Path("image.nii"),))


def test_equal_channels_of_a_label_are_one(tmp_path):
    label = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
    path = write_nifti_file(tmp_path / "label.nii", np.stack([label] * 3, -1))
    np.testing.assert_array_equal(read_on_grid(path, CASE, IMAGE).array, label)


def test_channels_that_differ_are_no_label(tmp_path):
    label = np.zeros((4, 3, 2, 2), np.uint8)
    label[0, 0, 0, 1] = 1
    path = write_nifti_file(tmp_path / "label.nii", label)
    with pytest.raises(DataError, match=r"label.nii: has 2 channels that differ"):
        read_on_grid(path, CASE, IMAGE)


@pytest.mark.parametrize(
    ("shape", "affine", "words"),
    [
        (
            (4, 3, 3),
            np.eye(4),
            r"shape \(4, 3, 3\) differs from \(4, 3, 2\) of image.nii; resample",
        ),
        ((4, 3, 2), np.diag([1, 1, 2, 1.0]), "affine differs from that of image.nii; .*header$"),
    ],
)
def test_another_grid_is_refused(shape, affine, words, tmp_path):
    path = write_nifti_file(tmp_path / "label.nii", np.zeros(shape, np.uint8), affine)
    with pytest.raises(DataError, match=words):
        read_on_grid(path, CASE, IMAGE)


def test_affines_may_differ_by_what_a_header_rounds():
    near = Volume(IMAGE.array, np.eye(4) + 1e-5)
    require_same_grid(Path("a.nii"), IMAGE, Path("b.nii"), near)


def test_a_plain_image_beside_a_scan_is_told_to_say_its_width(tmp_path):
    Image.fromarray(np.zeros((4, 3), np.uint8)).save(tmp_path / "label.png")
    image = Volume(np.zeros((4, 3, 1, 1), np.float32), np.eye(4))
    with pytest.raises(DataError, match=r"set data.pixel_mm to the width in mm"):
        read_on_grid(tmp_path / "label.png", CASE, image)
