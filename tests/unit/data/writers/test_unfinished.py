"""Files and folders until they are whole."""

import os

import pytest

from tfuq.data.ledger import ACTIVE, read_ledger
from tfuq.data.writers.unfinished import (
    free_name,
    is_in_unfinished,
    make_folder,
    unfinished,
    writing,
)
from tfuq.errors import TfuqError


def test_folders_are_made_with_those_above_them(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")  # and may be there
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TfuqError, match=r"file/a: folder cannot be made .*choose a place"):
        make_folder(tmp_path / "file" / "a")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(28, "No space left on device"), "No space left on device"), (OSError("odd"), "odd")],
)
def test_errors_of_the_file_system_name_the_path(tmp_path, error, reason):
    words = rf"out: cannot be written \({reason}\); free space"
    with pytest.raises(TfuqError, match=words), writing(tmp_path / "out"):
        raise error


def test_other_errors_stay_as_they_are(tmp_path):
    with pytest.raises(ValueError, match="no"), writing(tmp_path):
        raise ValueError("no")


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_is_not_given_its_name_is_removed(tmp_path, is_folder):
    with unfinished(tmp_path / "a.txt") as draft:
        if is_folder:
            draft.mkdir()
            (draft / "b.txt").write_text("half")
        else:
            draft.write_text("half")
        assert read_ledger(tmp_path).unfinished[draft.name].is_this
    assert [path.name for path in tmp_path.iterdir()] == [".tfuq"]
    assert draft not in ACTIVE


def test_threads_that_write_one_file_have_names_of_their_own(tmp_path):
    path = tmp_path / "a.txt"
    with unfinished(path) as one, unfinished(path) as two:
        assert one.name == f".a.txt.{os.getpid()}.part"
        assert two.name == f".a.txt.{os.getpid()}-1.part"
        assert free_name(path).name == f".a.txt.{os.getpid()}-2.part"
    assert free_name(path) == one


def test_a_path_below_an_unfinished_folder_is_known_as_such(tmp_path):
    with unfinished(tmp_path / "case") as draft:
        assert is_in_unfinished(draft / "sub" / "a.txt")
        assert not is_in_unfinished(draft)
        assert not is_in_unfinished(tmp_path / "a.txt")
    assert not is_in_unfinished(draft / "sub" / "a.txt")


def test_an_error_ends_it_too(tmp_path):
    with pytest.raises(ValueError, match="no"), unfinished(tmp_path / "a.txt"):
        raise ValueError("no")
    assert not ACTIVE
