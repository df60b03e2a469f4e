"""What of a data set serves no purpose."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tests.support.data_files import write_idx, write_picture
from tests.support.nnunet_sets import write_set
from tests.support.radiotherapy import write_rtstruct
from tfuq.config import DataConfig
from tfuq.data.cases import Case
from tfuq.data.layouts import cases_of, made_cases
from tfuq.data.layouts.leftovers import leftovers, remarks_on_leftovers, require_matched
from tfuq.errors import DataError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def folder_settings(root, **data):
    return settings(root, data={"layout": "folder", **data}).data


def test_labels_of_no_image_beside_images_of_no_label_are_refused(tmp_path):
    touch(tmp_path, "image/Anna.nii", "image/bert.nii", "image/carl.nii")
    touch(tmp_path, "label/anna.nii.gz", "label/bert.nii", "label/dora.nii")
    data = folder_settings(tmp_path)
    with pytest.raises(
        DataError,
        match=r"label/anna.nii.gz: is the label of no image \(2 such\), and case 'Anna' has no "
        r"label in that folder \(2 such\); .*rename the label to Anna.nii.gz",
    ):
        made_cases(data)
    assert len(cases_of(data)) == 3  # what reads a run needs its own cases alone
    (tmp_path / "label/anna.nii.gz").rename(tmp_path / "label/Anna.nii.gz")
    (tmp_path / "label/dora.nii").rename(tmp_path / "label/carl.nii")
    assert all(case.has_reference for case in made_cases(data))


def test_slices_of_a_dicom_series_are_of_its_case(tmp_path):
    names = ("a_T1/1.dcm", "a_T1/2.dcm", "a/T2/1.dcm", "old/T2/1.dcm", "a/T2/notes.png")
    touch(tmp_path, *(f"image/{name}" for name in names))
    cases = [Case("a", (tmp_path / "image/a_T1", tmp_path / "image/a/T2"))]
    found = {left.folder: [path.name for path in left.files] for left in leftovers(cases, tmp_path)}
    image = tmp_path / "image"
    assert found == {image / "a/T2": ["notes.png"], image / "old/T2": ["1.dcm"]}


def test_files_of_the_same_names_in_many_folders_are_one_remark(tmp_path):
    touch(tmp_path, *(f"image/{case}/{name}.nii" for case in "abcde" for name in ("T1", "T1_1mm")))
    touch(tmp_path, *(f"label/{case}.nii" for case in "abcde"), "image/e/old.nii")
    data = folder_settings(tmp_path, channels=["T1"])
    lines = remarks_on_leftovers(data, made_cases(data), all_folders=True)
    assert lines == [
        f"{tmp_path}/image: 4 file(s) in 4 folders (a, b, c and 1 more) are of no case "
        "(T1_1mm.nii in each) and are not used",
        f"{tmp_path}/image/e: 2 file(s) are of no case (T1_1mm.nii, old.nii) and are not used",
    ]


def test_either_alone_is_remarked_on(tmp_path):
    touch(tmp_path, *(f"image/{name}.nii" for name in "abcde"), "label/a.nii")
    data = folder_settings(tmp_path)
    (line,) = remarks_on_leftovers(data, made_cases(data), all_folders=True)
    assert line == (
        "4 of 5 cases have no label, class or landmarks (b, c, d and 1 more); "
        "they are neither trained on nor scored"
    )
    touch(tmp_path, *(f"label/{name}.nii" for name in "bcdex"))
    (line,) = remarks_on_leftovers(data, made_cases(data), all_folders=False)
    assert line == (
        f"{tmp_path}/label: 1 label(s) are of no image (x.nii) and are not used; "
        "add their images, or move them away"
    )


def test_a_rater_may_leave_cases_out_and_not_misname_them(tmp_path):
    touch(tmp_path, "image/a.nii", "image/b.nii", "r1/a.nii", "r1/b.nii", "r2/a.nii")
    data = folder_settings(tmp_path, rater_folders="r*")
    assert remarks_on_leftovers(data, made_cases(data), all_folders=True) == []
    touch(tmp_path, "r2/b_.nii")
    with pytest.raises(DataError, match=r"r2/b_.nii: .*case 'b' has no label in that folder"):
        made_cases(data)


def test_structure_sets_are_labels(tmp_path):
    touch(tmp_path, "image/a.nii", "image/b.nii", "label/x.nii", "label/notes.txt")
    write_rtstruct(tmp_path / "label" / "a.dcm", {"ball": []})
    write_rtstruct(tmp_path / "label" / "b" / "RS.1", {"ball": []})
    data = folder_settings(tmp_path)
    (line,) = remarks_on_leftovers(data, made_cases(data), all_folders=True)
    assert "label: 1 label(s) are of no image (x.nii)" in line
    (tmp_path / "label/x.nii").unlink()
    write_rtstruct(tmp_path / "label" / "x.dcm", {"ball": []})
    touch(tmp_path, "image/c.nii")
    with pytest.raises(
        DataError, match=r"label/x.dcm: is the label of no image .* case 'c' has no"
    ):
        made_cases(data)


def test_files_of_no_case_are_found(tmp_path):
    touch(tmp_path, "imagesTr/a.nii", "labelsTr/a.nii", "imagesTr/b.nii", "imagesTs/c.nii.gz")
    touch(tmp_path, "imagesTr/notes.txt", "imagesTr/.d.nii", ".hidden/e.nii", "1/2/3/4/5/f.nii")
    (tmp_path / "imagesTs/again").symlink_to(tmp_path)
    (tmp_path / "imagesTr/z.nii").symlink_to(tmp_path / "imagesTr/z.nii")
    entries = [{"image": "./imagesTr/a.nii", "label": "labelsTr/../labelsTr/a.nii"}]
    index = {"numTraining": 2, "training": entries}
    (tmp_path / "dataset.json").write_text(json.dumps(index))
    data = settings(tmp_path).data
    cases = cases_of(data)
    assert [item.files for item in leftovers(cases)] == [(tmp_path / "imagesTr/b.nii",)]
    everywhere = leftovers(cases, tmp_path)
    assert [item.folder.name for item in everywhere] == ["imagesTr", "imagesTs"]
    lines = remarks_on_leftovers(data, cases, all_folders=False)
    assert lines == [
        f"{tmp_path}/imagesTr: 1 file(s) are of no case (b.nii) and are not used",
        f"{tmp_path}/dataset.json: says numTraining 2 and lists 1 training case(s)",
    ]
    require_matched(cases)


def test_parts_that_the_split_takes_nothing_of_are_remarked_on(tmp_path):
    for number, part in enumerate(["train", "val", "val", "test"]):
        write_picture(tmp_path / part / "cat" / f"{number}.png", number)
    split = {"train": 1, "validation": 0, "test": 1}
    config = task_settings(
        "classification",
        tmp_path,
        data={"layout": "image-folders", "classes": ["cat", "dog"], "split": split},
    )
    (line,) = remarks_on_leftovers(config.data, cases_of(config.data), all_folders=True)
    assert line == (
        "the data set sets 2 case(s) aside for validation, which are not used; "
        "set data.split.validation: 2"
    )


def test_cases_that_a_fold_tests_are_used(tmp_path):
    """`tfuq.data.splits` tests all cases of `imagesTs` where a split names a fold."""
    write_set(tmp_path)
    changes = {"layout": "nnunet", "split": {"seed": 0, "fold": 0}}
    tree = settings(tmp_path).data.model_dump()
    data = DataConfig.model_validate(tree | changes)
    assert remarks_on_leftovers(data, cases_of(data), all_folders=True) == []


def test_packed_files_beside_plain_ones_are_remarked_on(tmp_path):
    for name in ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"):
        write_idx(tmp_path / name, np.zeros((2, 4, 3)))
    data = task_settings("classification", tmp_path).data
    lines = remarks_on_leftovers(data, cases_of(data), all_folders=True)
    assert "train-images-idx3-ubyte is there, too" in lines[-1]


def test_annotations_of_no_image_are_remarked_on(heads):
    data = task_settings("landmarks", heads).data
    cases = cases_of(data)
    assert remarks_on_leftovers(data, cases, all_folders=True) == []
    lines = remarks_on_leftovers(data, cases[1:], all_folders=False)
    assert [line for line in lines if "1 annotation(s) are of no image" in line]
    assert any(str(Path("RawImage/TrainingData")) in line for line in lines)
