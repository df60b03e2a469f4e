"""Which files are images and which are labels."""

import numpy as np
import pytest
from PIL import Image

from tests.support.data_files import write_picture
from tfuq.errors import DataError
from tfuq.workflows.init.roles import segmentation_of
from tfuq.workflows.init.survey import survey

CASES = ("a1", "b2", "c3")


def write_mask(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((12, 10), np.uint8)
    mask[3:6, 2:7] = 1
    Image.fromarray(mask).save(path)


def write_set(root, images, labels):
    """Pictures and masks of three cases by patterns; several of each where lists are given."""
    for case in CASES:
        for pattern in images:
            write_picture(root / pattern.format(case=case), seed=len(pattern))
        for pattern in labels:
            write_mask(root / pattern.format(case=case))
    return survey(root)


def found_in(root, images, labels, word=None):
    return segmentation_of(write_set(root, images, labels), word)


def test_plain_folders_are_the_layout_folder(tmp_path):
    data = found_in(tmp_path, ["image/{case}.png"], ["mask/{case}.png"]).data
    assert data == {
        "layout": "folder",
        "label_folder": "mask",
        "classes": ["background", "structure"],
    }


def test_other_names_are_patterns(tmp_path):
    data = found_in(tmp_path, ["{case}.png"], ["{case}_lung_mask.png"]).data
    assert data["layout"] == "files"
    assert (data["image_files"], data["label_files"]) == ("{case}.png", "{case}_lung_mask.png")


def test_labels_without_a_word_are_told_by_their_values(tmp_path):
    data = found_in(tmp_path, ["x/{case}.png"], ["y/{case}.png"]).data
    assert (data["image_files"], data["label_files"]) == ("x/{case}.png", "y/{case}.png")


def test_channels_are_named_by_what_differs(tmp_path):
    data = found_in(tmp_path, ["{case}/t1.png", "{case}/t2.png"], ["{case}/seg.png"]).data
    assert data["image_files"] == {"t1": "{case}/t1.png", "t2": "{case}/t2.png"}


def test_several_labels_are_of_raters(tmp_path):
    labels = ["rater-01/{case}.png", "rater-02/{case}.png"]
    data = found_in(tmp_path, ["image/{case}.png"], labels).data
    assert data["label_files"] == "rater-{rater}/{case}.png"


@pytest.mark.parametrize(
    ("labels", "word", "refusal"),
    [
        (["mask.d/{case}.png", "{case}_seg.png"], None, "are not those of several raters"),
        ([], None, "all files are of one kind"),
        (["mask/{case}.png"], "nowhere", "is in 0 of the 2 kinds"),
    ],
    ids=["two kinds", "none", "unknown word"],
)
def test_what_cannot_be_told_is_refused(tmp_path, labels, word, refusal):
    with pytest.raises(DataError, match=refusal):
        found_in(tmp_path, ["image/{case}.png"], labels, word)


def test_folders_of_pictures_with_equal_names_may_be_classes(tmp_path):
    with pytest.raises(DataError, match="if folders are classes, by --task classification"):
        found_in(tmp_path, ["cat/{case}.png", "dog/{case}.png"], [])


def test_the_user_s_word_chooses_among_labels(tmp_path):
    labels = ["lung_mask/{case}.png", "heart_mask/{case}.png"]
    data = found_in(tmp_path, ["image/{case}.png"], labels, "lung").data
    assert data["label_files"] == "lung_mask/{case}.png"


def test_files_of_few_cases_are_said_to_be_unused(tmp_path):
    write_picture(tmp_path / "extra" / "a1.png")
    found = found_in(tmp_path, ["image/{case}.png"], ["mask/{case}.png"])
    assert "1 file(s) such as" in found.remarks[0]
