"""Labels of a case as classes: values, ranges, raters."""

import shutil

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.support.data_files import write_nifti_file
from tests.support.rater_discs import RATERS, by_raters, write_rater_discs
from tfuq.data.case import Case
from tfuq.data.cases.images import read_case_image
from tfuq.data.cases.labels import (
    majority,
    read_case_label,
    read_label,
    read_rater_labels,
    scored_references,
    written_values,
)
from tfuq.data.layouts import cases_of
from tfuq.data.preprocessing import PADDING
from tfuq.data.readers.images import as_volume
from tfuq.data.volume import Volume
from tfuq.errors import DataError

IMAGE = Volume(np.zeros((4, 4, 4, 1), np.float32), np.eye(4))


@pytest.fixture
def label(tmp_path):
    values = np.array([0, 1, 2, 5] * 16, np.uint8).reshape(4, 4, 4)
    return write_nifti_file(tmp_path / "label.nii", values)


@pytest.fixture
def discs(tmp_path):
    return write_rater_discs(tmp_path / "discs")


def disc_of(root, rater, name="d1"):
    return np.asarray(Image.open(root / rater / f"{name}.png"))[..., None]


def test_values_stand_for_classes(label):
    values = {0: 0, 1: 0, 2: 1, 5: 1}
    read = read_case_label(Case("c", (), label), IMAGE, 2, values)
    np.testing.assert_array_equal(read.array.ravel(), [0, 0, 1, 1] * 16)
    assert read.array.dtype == np.uint8


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            None,
            r"label.nii: label value 5 is outside the declared 0, 1, 2; .*\{0: 0, 1: 1, 2: 2, 5: 1\}",
        ),
        ({0: 0, "1-2": 1}, "label value 5 is outside the declared 0, 1-2"),
        ({1: 0, 2: 1, 5: 2}, "label value 0 is outside"),
    ],
)
def test_a_value_that_is_not_declared_is_named(label, values, words):
    with pytest.raises(DataError, match=words):
        read_case_label(Case("c", (), label), IMAGE, 3, values)


def test_a_value_between_whole_numbers_is_of_no_range(tmp_path):
    path = write_nifti_file(tmp_path / "half.nii", np.full((4, 4, 4), 1.5, np.float32))
    with pytest.raises(DataError, match=r"label value 1.5 is outside the declared 0, 1-4"):
        read_case_label(Case("c", (), path), IMAGE, 2, {0: 0, "1-4": 1})


def test_ranges_of_values(tmp_path):
    image = tmp_path / "image.png"
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(image)
    case = Case("a", (image,), image)
    label = read_case_label(case, read_case_image(case), 3, {0: 0, "1-4": 1, "5-999": 2})
    np.testing.assert_array_equal(label.array.ravel(), [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2])
    with pytest.raises(DataError, match="value 5 is outside the declared 0, 1-4, 6-999"):
        read_case_label(case, read_case_image(case), 3, {0: 0, "1-4": 1, "6-999": 2})


# Neighbours that are one number in float32.
ATLAS = [0, 2**24, 2**24 + 1, 614_454_277, 614_454_278]


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64, np.float64, ">i4"])
@pytest.mark.parametrize("name", ["label.nii", "label.nii.gz", "label.img"])
def test_labels_of_an_atlas_are_whole_numbers_of_any_size(tmp_path, dtype, name):
    values = np.resize(ATLAS, 64).reshape(4, 4, 4).astype(dtype)
    if name.endswith("img"):
        values = values.astype(np.int32)
        nibabel.save(nibabel.Nifti1Pair(values, np.eye(4)), tmp_path / name)
    else:
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4), dtype=values.dtype), tmp_path / name)
    case = Case("c", (), tmp_path / name)
    assert written_values(case) == ATLAS
    declared = {0: 0, 2**24: 1, 2**24 + 1: 2, "614454277-614454277": 3, 614_454_278: 4}
    read = read_case_label(case, IMAGE, 5, declared)
    np.testing.assert_array_equal(read.array.ravel(), np.resize(range(5), 64))
    del declared[2**24 + 1]
    with pytest.raises(DataError, match=r"label value 16777217 is outside .*16777217: 1\}"):
        read_case_label(case, IMAGE, 5, declared)
    by_raters = Case("c", (), raters={"a": case.label, "b": case.label, "c": case.label})
    with pytest.raises(DataError, match="label value 16777217 is outside"):
        read_rater_labels(by_raters, IMAGE, 5, declared)


def test_the_largest_whole_numbers_are_told_apart(tmp_path):
    values = np.resize(np.array([0, 2**63, 2**63 + 1], np.uint64), 64).reshape(4, 4, 4)
    path = tmp_path / "label.nii"
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4), dtype=np.uint64), path)
    case = Case("c", (), path)
    read = read_case_label(case, IMAGE, 3, {0: 0, 2**63: 1, 2**63 + 1: 2})
    np.testing.assert_array_equal(read.array.ravel(), np.resize(range(3), 64))


def test_a_label_that_is_a_palette_holds_its_indices(tmp_path):
    indices = np.array([[0, 1, 2], [2, 0, 1]], np.uint8)
    picture = Image.frombytes("P", (3, 2), indices.tobytes())
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(tmp_path / "label.png")
    image = Volume(np.zeros((2, 3, 1, 1), np.float32), as_volume(indices).affine)
    label = read_case_label(Case("c", (), tmp_path / "label.png"), image, 3, None)
    np.testing.assert_array_equal(label.array[:, :, 0], indices)


def test_a_case_without_a_label_is_named():
    with pytest.raises(DataError, match="case 'c' has no label file"):
        read_case_label(Case("c", ()), IMAGE, 3, None)


def test_the_reference_of_three_raters_is_their_majority(discs):
    config = by_raters(discs)
    case = cases_of(config.data)[1]
    image = read_case_image(case)
    labels = read_rater_labels(case, image, 2, None)
    for label, rater in zip(labels, RATERS, strict=True):
        np.testing.assert_array_equal(label, disc_of(discs, rater))
    # The discs lie in each other, so most raters give the middle one.
    np.testing.assert_array_equal(read_label(config, case, image).array, disc_of(discs, RATERS[1]))
    (reference,) = scored_references(case, image, 2, None)
    np.testing.assert_array_equal(reference.array, disc_of(discs, RATERS[1]))


def test_two_raters_are_both_scored_against(discs):
    shutil.rmtree(discs / RATERS[1])
    case = cases_of(by_raters(discs).data)[1]
    image = read_case_image(case)
    found = [reference.array for reference in scored_references(case, image, 2, None)]
    smaller, larger = disc_of(discs, RATERS[0]), disc_of(discs, RATERS[2])
    np.testing.assert_array_equal(found, [smaller, larger])
    # Their majority is what both have marked.
    np.testing.assert_array_equal(read_case_label(case, image, 2, None).array, smaller & larger)


def test_written_values_are_those_of_all_raters(label, tmp_path):
    other = write_nifti_file(tmp_path / "other.nii", np.full((4, 4, 4), 7, np.uint8))
    assert written_values(Case("c", (), label)) == [0, 1, 2, 5]
    assert written_values(Case("c", (), label, raters={"a": other})) == [7]
    assert written_values(Case("c", ())) == []


def test_majority_of_labels():
    labels = np.array([[0, 1, 2, 2, 1], [0, 1, 1, 2, 2], [1, 1, 0, 0, 2]])
    assert majority(labels, 3).tolist() == [0, 1, 0, 2, 2]  # the first of three that are equal
    assert majority(labels[:2], 3).tolist() == [0, 1, 1, 2, 1]


def test_a_value_to_ignore_is_no_class(label):
    case = Case("c", (), label, ignore_label=5)
    read = read_case_label(case, IMAGE, 3, None)
    np.testing.assert_array_equal(read.array.ravel(), [0, 1, 2, PADDING] * 16)
    assert written_values(case) == [0, 1, 2]
    with pytest.raises(DataError, match=r"label value 2 is outside the declared 0, 1; .*2: 1\}"):
        read_case_label(case, IMAGE, 2, None)


def test_a_label_of_nothing_but_the_value_to_ignore_is_refused(tmp_path):
    path = write_nifti_file(tmp_path / "label.nii", np.full((4, 4, 4), 7, np.uint8))
    with pytest.raises(DataError, match=r"has no other value than 7, that of data.ignore_label"):
        read_case_label(Case("c", (), path, ignore_label=7), IMAGE, 2, None)
