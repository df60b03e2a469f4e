"""Layouts of images with classes or landmarks: official files, folders, tables, and what each says of the split."""

import gzip
from collections import Counter

import numpy as np
import pytest

from tests.conftest import real, task_settings
from tests.support.data_files import write_idx, write_picture
from tfuq.config import SplitConfig
from tfuq.data.cases import read_case_image
from tfuq.data.layouts import list_cases
from tfuq.data.layouts.images import idx, image_folders, image_table
from tfuq.data.sets.classification import class_of
from tfuq.data.splits import split_cases
from tfuq.errors import DataError


def test_real_mnist_is_60000_digits_of_which_10000_are_set_aside():
    root = real("mnist")
    cases = list_cases("idx", root)
    assert Counter(case.part for case in cases) == {"train": 50_000, "test": 10_000}
    assert Counter(case.id.split("-")[0] for case in cases) == {"train": 50_000, "t10k": 10_000}
    parts = split_cases(cases, SplitConfig(train=45_000, validation=5_000, test=10_000))
    assert {case.id[:4] for case in parts["test"]} == {"t10k"}
    assert {case.id[:5] for part in ("train", "validation") for case in parts[part]} == {"train"}
    with pytest.raises(
        DataError, match=r"more cases than the 50000 with a reference \(train 50000, validation 1\)"
    ):
        split_cases(cases, SplitConfig(train=50_000, validation=1, test=1))
    config = task_settings("classification", root)
    assert {class_of(config, case) for case in parts["test"]} == set(range(10))
    # The layout's rows are those of the files: a picture and its class, by the official format's own offsets.
    chosen = next(case for case in cases if case.id == "t10k-09999")
    raw = gzip.decompress((root / "t10k-images-idx3-ubyte.gz").read_bytes())
    last = np.frombuffer(raw[-784:], np.uint8).reshape(28, 28)
    np.testing.assert_array_equal(read_case_image(chosen).array[:, :, 0, 0], last)
    assert (
        class_of(config, chosen)
        == gzip.decompress((root / "t10k-labels-idx1-ubyte.gz").read_bytes())[-1]
    )


def test_idx_plain_without_labels_and_with_too_few(tmp_path):
    images = np.arange(5 * 4 * 3).reshape(5, 4, 3)
    write_idx(tmp_path / "train-images-idx3-ubyte", images)
    unlabelled = idx(tmp_path)
    assert [case.id for case in unlabelled] == [f"train-{n:05d}" for n in range(5)]
    assert not any(case.has_reference for case in unlabelled)
    np.testing.assert_array_equal(read_case_image(unlabelled[3]).array[:, :, 0, 0], images[3])
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([1, 0, 2, 1]))
    with pytest.raises(
        DataError,
        match=r"train-labels-idx1-ubyte.gz: has 4 labels for the 5 images of train-images-idx3-ubyte",
    ):
        idx(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([1, 0, 2, 1, 0]))
    assert [case.truth for case in idx(tmp_path)] == [1, 0, 2, 1, 0]


def test_idx_files_of_another_shape_are_refused(tmp_path):
    write_idx(tmp_path / "train-images-idx3-ubyte", np.arange(20))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte: has 1 dimension"):
        idx(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte", np.arange(60).reshape(5, 4, 3))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.arange(10).reshape(5, 2))
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte: has 2 dimension"):
        idx(tmp_path)


@pytest.mark.parametrize("parts", [(), ("train", "test")])
def test_a_folder_per_class(tmp_path, parts):
    for place in parts or (".",):
        for number, name in enumerate(("cat", "dog", "cat")):
            write_picture(tmp_path / place / name / f"{place.strip('.')}{number}.png", number)
        (tmp_path / place / ".hidden").mkdir()
        (tmp_path / place / "cat" / "notes.txt").write_text("not an image")
    cases = image_folders(tmp_path)
    assert len(cases) == 3 * max(len(parts), 1)
    assert Counter(case.truth for case in cases) == {
        "cat": 2 * max(len(parts), 1),
        "dog": max(len(parts), 1),
    }
    assert {case.part for case in cases} == (set(parts) or {None})
    config = task_settings(
        "classification", tmp_path, data={"layout": "image-folders", "classes": ["dog", "cat"]}
    )
    assert {class_of(config, case) for case in cases if case.truth == "cat"} == {1}
    chosen = split_cases(cases, SplitConfig(train=1, validation=1, test=1))
    assert all(case.part == "test" for case in chosen["test"]) or not parts
    assert all(case.part == "train" for case in chosen["train"]) or not parts


def test_folders_that_do_not_serve(tmp_path):
    with pytest.raises(DataError, match="no cases in the image-folders layout"):
        list_cases("image-folders", tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(
        DataError, match="cat: holds no image of its class; add some, or remove the folder"
    ):
        list_cases("image-folders", tmp_path)
    write_picture(tmp_path / "train" / "cat" / "1.png")
    write_picture(tmp_path / "test" / "cat" / "1.png")
    write_picture(tmp_path / "train" / "cat" / "1.jpg")
    with pytest.raises(
        DataError, match=r"id 'train-cat-1' occurs twice \(.*cat/1.jpg, .*cat/1.png\)"
    ):
        list_cases("image-folders", tmp_path)


def test_one_name_in_two_parts_is_told_by_the_part(tmp_path):
    """No id stands for another image than before: that of a run of before is gone."""
    for name in ("train/cat/1", "train/cat/2", "test/cat/1", "test/cat/3"):
        write_picture(tmp_path / f"{name}.png")
    cases = list_cases("image-folders", tmp_path)
    assert [case.id for case in cases] == ["cat-2", "cat-3", "test-cat-1", "train-cat-1"]
    (tmp_path / "train" / "cat" / "1.png").unlink()
    assert [case.id for case in list_cases("image-folders", tmp_path)] == [
        "cat-1",
        "cat-2",
        "cat-3",
    ]


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_folder_to_validate_on_is_one(tmp_path, name):
    for number, part in enumerate(["train", "train", name, name, name, "test"]):
        write_picture(tmp_path / part / "cat" / f"{number}.png", number)
    cases = list_cases("image-folders", tmp_path)
    assert Counter(case.part for case in cases) == {"train": 2, "validation": 3, "test": 1}
    parts = split_cases(cases, SplitConfig(train=2, validation=2, test=1))
    assert {case.part for case in parts["validation"]} == {"validation"}
    assert {case.part for case in parts["train"]} == {"train"}
    with pytest.raises(DataError, match=r"more cases than the 3 with a reference \(validation 4\)"):
        split_cases(cases, SplitConfig(train=2, validation=4, test=1))
    (tmp_path / "val").mkdir(exist_ok=True)
    (tmp_path / "valid").mkdir(exist_ok=True)
    with pytest.raises(DataError, match="another folder is for validation, too"):
        list_cases("image-folders", tmp_path)


def test_a_class_may_have_the_name_of_a_part(tmp_path):
    write_picture(tmp_path / "val" / "1.png")
    (case,) = list_cases("image-folders", tmp_path)
    assert (case.id, case.truth, case.part) == ("val-1", "val", None)


def test_idx_labels_without_their_images_are_refused(tmp_path):
    write_idx(tmp_path / "t10k-images-idx3-ubyte", np.zeros((2, 4, 3)))
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([1, 0]))
    with pytest.raises(DataError, match=r"its images \(train-images-idx3-ubyte\) are not there"):
        idx(tmp_path)


@pytest.mark.parametrize(
    ("written", "case_id"),
    [
        (r"sub\a.png", "sub-a"),
        (r".\sub\a.png", "sub-a"),
        ("../beside/b.png", "beside-b"),
        (r"..\beside\b.png", "beside-b"),
        ("ABSOLUTE", "a"),
    ],
)
def test_a_table_names_files_as_windows_does_and_beside_its_folder(tmp_path, written, case_id):
    root = tmp_path / "set"
    write_picture(root / "sub" / "a.png")
    write_picture(tmp_path / "beside" / "b.png")
    if written == "ABSOLUTE":
        written = str(root / "sub" / "a.png")
        case_id = "-".join((root / "sub" / "a").parts[1:])
    (root / "labels.csv").write_text(f"file,label\n{written},cat\n")
    (case,) = list_cases("image-table", root, table="labels.csv")
    assert case.id == case_id
    assert read_case_image(case).shape == (12, 10, 1)


def test_a_table_of_files_and_labels(tmp_path):
    for name in ("a.png", "sub/a.png", "sub/b.jpg"):
        write_picture(tmp_path / name)
    (tmp_path / "labels.csv").write_text(
        "\ufefffile,label,part\na.png,cat,train\nsub/a.png,dog,test\nsub/b.jpg,,\n", "utf-8"
    )
    cases = image_table(tmp_path, table="labels.csv")
    assert [(case.id, case.truth, case.part) for case in cases] == [
        ("a", "cat", "train"),
        ("sub-a", "dog", "test"),
        ("sub-b", None, None),
    ]
    assert all(read_case_image(case).shape == (12, 10, 1) for case in cases)
    parts = split_cases(cases, SplitConfig(train=1, test=1))
    assert [[case.id for case in parts[part]] for part in ("train", "test")] == [["a"], ["sub-a"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read as a table.*data.table names a CSV file"),
        ("", "needs columns 'file' and 'label'.*has none"),
        ("file,label\n", "needs columns 'file' and 'label', each name once, and a row per image"),
        ("name,class\na.png,cat\n", "needs columns 'file' and 'label'.*has name, class"),
        ("file,label,part\na.png,cat,dev\n", "line 2: part 'dev' is none of train, val, valid, validation, test"),
        ("file,label\na.png,cat\n,cat\n", "line 3: names no file"),
        ("file,label\n../../a.png,cat\n", "line 2: '../../a.png' leads more than one folder out"),
        (
            "file,label\nsub\\..\\..\\..\\a.png,cat\n",
            "leads more than one folder out of .*by its absolute path",
        ),
        ("file,label\na.png\n", "line 2: has another number of cells"),
        ("file,label\na.png,cat,dog\n", "line 2: has another number of cells"),
        ("file,label\na.png,cat\na.png,dog\n", "case id 'a' occurs twice"),
        (b"file,label\n\xff\xfe.png,cat\n", "cannot be read as a table"),
        ('file,label\n"a.png,cat\n', "cannot be read as a table"),
    ],
)  # fmt: skip
def test_tables_that_do_not_serve(tmp_path, text, words):
    if text is not None:
        (tmp_path / "labels.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=words) as refused:
        list_cases("image-table", tmp_path, table="labels.csv")
    assert str(tmp_path) in str(refused.value)
