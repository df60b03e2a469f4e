"""Labels of a case as classes: values, ranges, raters."""

import nibabel
import numpy as np
import pytest

from tfuq.data.cases import Case, majority, read_case_image, read_case_label
from tfuq.errors import DataError


def save(path, array, affine=None):
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine), path)
    return path


def test_case_checks(tmp_path):
    rng = np.random.default_rng(0)
    image = save(tmp_path / "i.nii", rng.normal(size=(4, 4, 4)).astype(np.float32))
    flat = save(tmp_path / "f.nii", np.full((4, 4, 4), 3, np.float32))
    small = save(tmp_path / "s.nii", np.zeros((4, 4, 3), np.uint8))
    moved = save(tmp_path / "m.nii", np.zeros((4, 4, 4), np.uint8), np.diag([2, 1, 1, 1.0]))
    label = save(tmp_path / "l.nii", np.array([0, 1, 2, 5] * 16, np.uint8).reshape(4, 4, 4))
    with pytest.raises(DataError, match="constant"):
        read_case_image(Case("c", (image, flat)))
    volume = read_case_image(Case("c", (image,)))
    for bad, words in ((small, "shape"), (moved, "affine"), (label, "label value 5 is outside")):
        with pytest.raises(DataError, match=words):
            read_case_label(Case("c", (image,), bad), volume, 3, None)
    with pytest.raises(DataError, match="no label file"):
        read_case_label(Case("c", (image,)), volume, 3, None)
    mapped = read_case_label(Case("c", (image,), label), volume, 2, {0: 0, 1: 0, 2: 1, 5: 1})
    np.testing.assert_array_equal(np.unique(mapped.array), [0, 1])
    assert (mapped.array == 1).sum() == 32


def test_majority_of_labels():
    labels = np.array([[0, 1, 2, 2, 1], [0, 1, 1, 2, 2], [1, 1, 0, 0, 2]])
    assert majority(labels, 3).tolist() == [0, 1, 0, 2, 2]  # the first of three that are equal
    assert majority(labels[:2], 3).tolist() == [0, 1, 1, 2, 1]
