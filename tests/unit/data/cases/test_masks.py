"""Where the preprocessing looks in a case."""

import numpy as np
import pytest

from tests.conftest import settings
from tests.support.data_files import write_nifti_file
from tfuq.data.case import Case
from tfuq.data.cases.masks import read_mask
from tfuq.data.volume import Volume
from tfuq.errors import DataError

IMAGE = Volume(np.zeros((4, 4, 4, 1), np.float32), np.eye(4))
VALUES = np.array([0, 1, 2, 5] * 16, np.uint8).reshape(4, 4, 4)


@pytest.fixture
def config(tmp_path):
    """Looks at the second and third class."""
    return settings(tmp_path, preprocessing={"crop_to_labels": [1, 2]})


@pytest.fixture
def label(tmp_path):
    return write_nifti_file(tmp_path / "label.nii", VALUES)


def test_everything_is_looked_at_where_no_labels_are_named(tmp_path, label):
    assert read_mask(settings(tmp_path), Case("c", (), label), IMAGE) is None


def test_a_label_gives_the_voxels_of_the_named_values(config, label):
    mask = read_mask(config, Case("c", (), label), IMAGE)
    np.testing.assert_array_equal(mask.array, np.isin(VALUES, [1, 2]))


def test_labels_above_what_single_precision_tells_apart_are_not_merged(tmp_path):
    values = np.resize([0, 2**24, 2**24 + 1, 5], 64).reshape(4, 4, 4).astype(np.int32)
    path = write_nifti_file(tmp_path / "label.nii", values)
    chosen = {"crop_to_labels": [2**24 + 1]}
    data = {"label_values": {0: 0, 2**24: 0, 2**24 + 1: 1, 5: 0}}
    config = settings(tmp_path, data=data, preprocessing=chosen)
    mask = read_mask(config, Case("c", (), path), IMAGE)
    np.testing.assert_array_equal(mask.array, values == 2**24 + 1)


def test_a_mask_stands_in_for_the_label(config, label, tmp_path):
    where = write_nifti_file(tmp_path / "mask.nii", np.where(VALUES == 5, 9, 0).astype(np.uint8))
    mask = read_mask(config, Case("c", (), label, mask=where), IMAGE)
    np.testing.assert_array_equal(mask.array, VALUES == 5)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (None, "case 'c' has no label, and .* give it by --mask"),
        ("label", r"none.nii: has no voxel of the values \[1, 2\]"),
        ("mask", "none.nii: has no voxel above 0"),
    ],
)
def test_a_case_that_does_not_say_where_to_look_is_refused(kind, words, config, tmp_path):
    empty = write_nifti_file(tmp_path / "none.nii", np.zeros((4, 4, 4), np.uint8))
    case = Case("c", (), **({kind: empty} if kind else {}))
    with pytest.raises(DataError, match=words):
        read_mask(config, case, IMAGE)
