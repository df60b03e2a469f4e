"""The cases of a data set: sorted, of different ids that can be names of folders."""

import unicodedata
from pathlib import Path

import pytest

from tests.conftest import task_settings
from tfuq.data.cases import Case
from tfuq.data.layouts import (
    cases_of,
    count_cases,
    is_case_id,
    is_made_on_use,
    list_cases,
    sorted_unique,
)
from tfuq.data.layouts.registry import COUNTS
from tfuq.data.readers.landmarks import ISBI_2015_LANDMARKS
from tfuq.errors import DataError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", True),
        ("Fälle 1.2", True),
        ("é" * 100, True),
        ("é" * 101, False),
        ("", False),
        (".", False),
        (".hidden", False),
        ("a/b", False),
        ("a\nb", False),
        ("scores", False),
        ("manifest.json", False),
        ("\udcff", False),
    ],
)
def test_an_id_can_be_the_name_of_a_folder(name, expected):
    assert is_case_id(name) == expected


def test_cases_are_sorted_by_id():
    cases = sorted_unique([Case("b", ()), Case("a10", ()), Case("a2", ())], "here")
    assert [case.id for case in cases] == ["a10", "a2", "b"]


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["b", "a", "b"], "here: case id 'b' occurs twice"),
        (["a", ".b"], "here: '.b' cannot be a case id"),
    ],
)
def test_ids_that_cannot_be_are_refused(ids, words):
    with pytest.raises(DataError, match=words):
        sorted_unique([Case(name, ()) for name in ids], "here")


def test_ids_differ_in_more_than_their_form_of_unicode():
    names = [unicodedata.normalize(form, "é") for form in ("NFC", "NFD")]
    with pytest.raises(DataError, match=r"occurs twice \(x.nii, y.nii\); ids must be unique"):
        sorted_unique([Case(names[0], (Path("x.nii"),)), Case(names[1], (Path("y.nii"),))], "here")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent: no such data folder; set data.root"):
        list_cases("folder", tmp_path / "absent")


def test_a_phantom_is_made_on_use_until_its_folder_holds_something(tmp_path):
    assert is_made_on_use("digits-phantom", tmp_path)
    assert not is_made_on_use("idx", tmp_path)
    with pytest.raises(DataError, match=r"run tfuq data synth digits .* --cases 1797, which makes"):
        list_cases("digits-phantom", tmp_path)
    (tmp_path / "notes.txt").touch()
    assert not is_made_on_use("digits-phantom", tmp_path)


def test_another_root_is_read_in_the_layout_that_a_phantom_is_written_in(digits):
    config = task_settings("classification", "nowhere", data={"layout": "digits-phantom"})
    assert len(cases_of(config.data, digits)) == 60


def test_cases_are_counted_as_they_are_listed(digits, heads, balls):
    assert set(COUNTS) == {"idx", "cephalometric2015", "landmark-table"}
    assert count_cases("idx", digits) == len(list_cases("idx", digits))
    marks = {"landmarks": ISBI_2015_LANDMARKS}
    listed = list_cases("cephalometric2015", heads, **marks)
    assert count_cases("cephalometric2015", heads, **marks) == len(listed)
    assert count_cases("decathlon", balls) == len(list_cases("decathlon", balls))


@pytest.mark.parametrize(
    ("layout", "words"), [("idx", "no cases in the idx layout"), ("digits-phantom", "is not there")]
)
def test_what_cannot_be_counted_is_refused_as_by_a_list(layout, words, tmp_path):
    for listing in (count_cases, list_cases):
        with pytest.raises(DataError, match=words):
            listing(layout, tmp_path)
