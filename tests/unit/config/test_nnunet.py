"""nnU-Net's dataset.json, as its documentation has it."""

import pytest

from tests.support.nnunet_sets import V1, V2, write_description
from tfuq.config.nnunet import read_description
from tfuq.errors import DataError


@pytest.mark.parametrize("content", [V1, V2], ids=["v1", "v2"])
def test_both_versions_say_the_same(tmp_path, content):
    description = read_description(write_description(tmp_path, content))
    assert description.channels == ("T1", "T2")
    assert description.labels.classes == ("background", "ball", "core")
    assert description.labels.values == (0, 1, 2)
    assert description.labels.ignored is None
    assert description.file_ending == ".nii.gz"
    assert description.training_cases == 6
    assert description.files == {}


def test_channels_are_in_the_order_of_their_numbers(tmp_path):
    names = {"1": "T2", "0": "T1", "2": "FLAIR"}
    description = read_description(write_description(tmp_path, V2, channel_names=names))
    assert description.channels == ("T1", "T2", "FLAIR")


def test_an_ending_may_lack_its_dot(tmp_path):
    assert (
        read_description(write_description(tmp_path, V2, file_ending="mha")).file_ending == ".mha"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channel_names": None}, "names no channel"),
        ({"channel_names": {"0": "a", "2": "b"}}, r".* have the numbers 0, 2; number them 0, 1, …"),
        ({"channel_names": {"T1": 0}}, ".* have the numbers T1"),
        ({"channel_names": ["T1"]}, "names no channel"),
        ({"numTraining": "six"}, "'numTraining' must be the number"),
        ({"file_ending": 3}, "'file_ending' must be text"),
        ({"dataset": []}, "'dataset' must list the files"),
        ({"labels": None}, "has no 'labels'"),
    ],
)
def test_what_a_description_lacks_is_named(tmp_path, changes, words):
    with pytest.raises(DataError, match=f"dataset.json: {words}"):
        read_description(write_description(tmp_path, V2, **changes))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"labels": 3,}', "line 1, column 13: is a comma too many; remove it"),
        ("[1]", "is no description"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_description_that_is_none_is_refused(tmp_path, text, words):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=f"dataset.json: {words}"):
        read_description(tmp_path)


def test_a_missing_description_says_what_to_set(tmp_path):
    with pytest.raises(DataError, match=r"dataset.json: is not there; .* set data.root"):
        read_description(tmp_path)


def test_a_byte_order_mark_is_read_over(tmp_path):
    path = write_description(tmp_path, V2) / "dataset.json"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert read_description(tmp_path).channels == ("T1", "T2")
