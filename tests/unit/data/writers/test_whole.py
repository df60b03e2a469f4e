"""Files and folders take their names when they are whole."""

import os

import pytest

from tfuq.data.ledger import read_ledger
from tfuq.data.ownership import is_ours
from tfuq.data.writers import write_text
from tfuq.data.writers.whole import (
    FolderTakenError,
    new_folder,
    plan_replacement,
    remove_whole,
    whole_file,
    whole_folder,
)
from tfuq.errors import RunError, TfuqError


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def case(tmp_path):
    """A folder of a case with one file."""
    with whole_folder(tmp_path / "case", "case") as draft:
        write_text(draft / "a.txt", "one")
    return tmp_path / "case"


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path):
    with whole_file(tmp_path / "a.txt") as draft:
        draft.write_text("half")
        assert not (tmp_path / "a.txt").exists()
        assert draft.parent == tmp_path
    assert (tmp_path / "a.txt").read_text() == "half"
    assert is_ours(tmp_path / "a.txt")


def test_an_error_leaves_the_file_that_was_there(tmp_path):
    write_text(tmp_path / "a.txt", "one")
    with pytest.raises(TypeError), whole_file(tmp_path / "a.txt") as draft:
        draft.write_text(None)
    assert (tmp_path / "a.txt").read_text() == "one"
    assert names(tmp_path) == {"a.txt", ".tfuq"}


def test_a_file_that_cannot_have_its_name_leaves_nothing(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "one")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(TfuqError, match="No space left on device"):
        write_text(tmp_path / "a.txt", "two")
    assert (tmp_path / "a.txt").read_text() == "one"
    assert names(tmp_path) == {"a.txt", ".tfuq"}


def test_a_folder_appears_with_all_of_its_files(tmp_path):
    with whole_folder(tmp_path / "case", "case") as draft:
        write_text(draft / "sub" / "a.txt", "one")
        assert not (tmp_path / "case").exists()
    assert read_ledger(tmp_path / "case").kind == "case"
    assert is_ours(tmp_path / "case" / "sub" / "a.txt")


def test_a_folder_takes_the_place_of_one_of_its_kind(case):
    with whole_folder(case, "case") as draft:
        write_text(draft / "b.txt", "two")
        assert (case / "a.txt").read_text() == "one"
    assert names(case) == {"b.txt", ".tfuq"}
    assert names(case.parent) == {"case", ".tfuq"}


def test_an_error_leaves_the_folder_that_was_there(case):
    with pytest.raises(TypeError), whole_folder(case, "case") as draft:
        (draft / "b.txt").write_text(None)
    assert names(case) == {"a.txt", ".tfuq"}
    assert names(case.parent) == {"case", ".tfuq"}


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda case: None, "run", "holds something other than a run"),
        (lambda case: (case / "mine").write_text(""), "case", "mine: .* is left alone"),
        (lambda case: (case / "a.txt").write_text("changed"), "case", r"a.txt: was changed"),
    ],
)
def test_a_folder_with_something_else_is_not_replaced(case, change, kind, words):
    change(case)
    before = {path: path.read_bytes() for path in case.iterdir()}
    with pytest.raises(RunError, match=words), whole_folder(case, kind):
        pytest.fail("the block is not to be entered")
    with pytest.raises(RunError, match=words):
        plan_replacement(case, kind)
    assert {path: path.read_bytes() for path in case.iterdir()} == before


def test_there_is_nothing_to_plan_for_a_new_or_an_empty_folder(tmp_path):
    assert plan_replacement(tmp_path / "absent", "case") is None
    (tmp_path / "empty").mkdir()
    assert plan_replacement(tmp_path / "empty", "case") is None


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_link_or_a_file_is_no_folder(tmp_path, kind):
    place = tmp_path / "case"
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to(tmp_path)
    with pytest.raises(RunError, match="case: is a link or a file"):
        plan_replacement(place, "case")


def test_a_new_folder_may_have_been_made_empty(tmp_path):
    (tmp_path / "data").mkdir()
    with new_folder(tmp_path / "data", "data set") as draft:
        write_text(draft / "a.txt", "one")
    assert (tmp_path / "data" / "a.txt").read_text() == "one"


def test_a_file_in_the_place_of_a_new_folder_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "data").write_text("mine")
    with (
        pytest.raises(RunError, match="data: is a link or a file, where tfuq would write a folder"),
        new_folder(tmp_path / "data", "data set"),
    ):
        pytest.fail("nothing is to be filled")
    assert (tmp_path / "data").read_text() == "mine"
    assert names(tmp_path) == {"data"}


def test_a_new_folder_does_not_replace_one_that_was_filled_meanwhile(tmp_path):
    with (
        pytest.raises(FolderTakenError, match="data: is not empty; choose a new folder"),
        new_folder(tmp_path / "data", "data set"),
    ):
        write_text(tmp_path / "data" / "mine", "keep")
    assert names(tmp_path / "data") == {"mine", ".tfuq"}
    assert names(tmp_path) == {"data", ".tfuq"}


def test_a_new_folder_by_a_link_is_made_where_that_leads(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with new_folder(tmp_path / "link", "data set") as draft:
        write_text(draft / "a.txt", "one")
    assert (tmp_path / "real" / "a.txt").exists()
    assert (tmp_path / "link").is_symlink()


def test_a_folder_is_removed_whole_or_not_at_all(case):
    (case / "mine").write_text("keep")
    with pytest.raises(RunError, match=r"mine: .* is left alone"):
        remove_whole(case)
    assert names(case) == {"a.txt", "mine", ".tfuq"}
    (case / "mine").unlink()
    remove_whole(case)
    assert names(case.parent) == {".tfuq"}
    remove_whole(case)  # there is none
