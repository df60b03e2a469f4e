"""Data sets that say themselves what they are."""

import json

import numpy as np
import pytest

from tests.support.data_files import write_idx, write_picture
from tests.support.nnunet_sets import V2, write_description
from tfuq.errors import DataError
from tfuq.workflows.init.known import class_folders, known_set
from tfuq.workflows.init.survey import survey


def test_an_index_that_lists_its_files_is_the_decathlon_s(balls, tmp_path):
    index = json.loads((balls / "dataset.json").read_text())
    for name in ("imagesTr", "labelsTr"):
        (tmp_path / name).symlink_to(balls / name)
    labels = {"0": "rest", "1": "ball", "2": "core"}
    (tmp_path / "dataset.json").write_text(json.dumps(index | {"labels": labels}))
    data = known_set(tmp_path).data
    assert data == {"layout": "decathlon", "classes": ["rest", "ball", "core"]}


def test_another_index_is_nnunet_s(tmp_path):
    write_description(tmp_path, V2)
    assert known_set(tmp_path).data == {"layout": "nnunet"}


def test_a_damaged_index_is_refused(tmp_path):
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(DataError, match="is no JSON"):
        known_set(tmp_path)


def test_files_of_digits(tmp_path):
    write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((3, 4, 4)))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([0, 2, 1]))
    found = known_set(tmp_path)
    assert (found.task, found.data["classes"]) == ("classification", ["0", "1", "2"])


def test_a_table_of_classes(tmp_path):
    (tmp_path / "all.csv").write_text("file,label\na.png,ill\nb.png,healthy\nc.png,\n")
    data = known_set(tmp_path).data
    assert data == {"layout": "image-table", "table": "all.csv", "classes": ["healthy", "ill"]}


def test_a_table_of_landmarks_says_which_way_y_points(tmp_path):
    (tmp_path / "points.csv").write_text("file,landmark,x,y\na.png,tip,1,2\na.png,base,3,4\n")
    found = known_set(tmp_path)
    assert found.data["landmarks"] == ["tip", "base"]
    assert "data.annotations: {y_up: true}" in found.remarks[0]


@pytest.mark.parametrize("parts", [("",), ("train/", "test/")], ids=str)
def test_folders_of_classes(tmp_path, parts):
    for part in parts:
        for number, name in enumerate(("ill", "healthy")):
            write_picture(tmp_path / f"{part}{name}" / f"{part.strip('/')}{number}.png")
    found = known_set(tmp_path)
    assert (found.task, found.data["classes"]) == ("classification", ["healthy", "ill"])


@pytest.mark.parametrize("folders", [("x", "y"), ("photos", "masks")], ids=str)
def test_folders_of_pairs_are_no_classes(tmp_path, folders):
    for folder in folders:
        for number in range(3):
            write_picture(tmp_path / folder / f"{number}.png")
    assert known_set(tmp_path) is None


def test_one_folder_has_no_classes(tmp_path):
    write_picture(tmp_path / "only" / "a.png")
    with pytest.raises(DataError, match="a folder for each class"):
        class_folders(survey(tmp_path), None)
