"""What is tfuq's own, and so may be replaced or removed."""

import hashlib
import os
import shutil

import pytest

from tfuq.data.host import this_host
from tfuq.data.ledger import add_entries
from tfuq.data.ownership import (
    begin_log,
    digest_of,
    hindrance,
    is_ours,
    note,
    require_place_of_file,
    require_replaceable,
    signature,
    take_over,
)
from tfuq.errors import RunError


def dead_entry(name):
    """As `unfinished_entry`, of a process that has ended: this one with a number that none has."""
    return {"part": name, "host": this_host(), "pid": 2**22 + 1}


@pytest.mark.parametrize("size", [0, 5, 2**20, 2**20 + 1])
def test_a_digest_is_that_of_the_whole_file(tmp_path, size):
    content = bytes(k % 251 for k in range(size))
    (tmp_path / "a").write_bytes(content)
    assert digest_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_a_link_has_no_digest(tmp_path):
    (tmp_path / "a").write_text("theirs")
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(RunError, match="is a link"):
        digest_of(tmp_path / "link")


def test_a_noted_file_is_ours_until_it_is_changed_moved_or_linked(tmp_path):
    path = tmp_path / "a"
    path.write_text("one")
    assert not is_ours(path)
    note(path)
    assert is_ours(path)
    path.write_text("two")
    assert not is_ours(path)
    path.write_text("one")
    assert is_ours(path)
    path.rename(tmp_path / "b")
    assert not is_ours(tmp_path / "b")
    path.symlink_to("b")
    assert not is_ours(path)


def test_a_log_is_ours_only_once_its_process_has_ended(tmp_path):
    path = tmp_path / "log.csv"
    add_entries(tmp_path, [dead_entry("log.csv")])
    path.write_text("half")
    assert is_ours(path)
    other = {"part": "log.csv", "host": "another", "pid": 1}
    add_entries(tmp_path, [other])
    assert not is_ours(path)


def test_a_log_of_this_process_is_ours_and_a_copy_of_it_is_not(tmp_path):
    path = tmp_path / "log.csv"
    begin_log(path)
    path.write_text("half")
    shutil.copy(path, tmp_path / "copy.csv")
    assert is_ours(path)
    assert not is_ours(tmp_path / "copy.csv")


def test_files_of_a_folder_without_a_list_are_taken_over_once(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(name)
    take_over(tmp_path, ["a", "b"])
    assert [is_ours(tmp_path / name) for name in "abc"] == [True, True, False]
    take_over(tmp_path, ["c"])
    assert not is_ours(tmp_path / "c")


def _file(path):
    path.write_text("theirs")


def _changed(path):
    path.write_text("one")
    note(path)
    path.write_text("two")


def _own(path):
    path.write_text("one")
    note(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, None),
        (_own, None),
        (_file, "was not written by tfuq"),
        (_changed, "was changed since tfuq wrote it"),
        (lambda path: path.mkdir(), "is a folder, where tfuq would write a file"),
        (lambda path: path.symlink_to("nowhere"), "is a link, and tfuq replaces no links"),
        (lambda path: os.mkfifo(path), "is no regular file"),
    ],
)
def test_what_hinders_is_told(tmp_path, make, words):
    path = tmp_path / "a"
    make(path)
    if words is None:
        assert hindrance(path, None) is None
        require_replaceable(path)
    else:
        assert words in hindrance(path, None)
        with pytest.raises(RunError, match=f"a: {words}.*; move it away, or choose"):
            require_replaceable(path)


def test_a_file_that_holds_the_same_may_be_replaced(tmp_path):
    _file(tmp_path / "a")
    assert hindrance(tmp_path / "a", digest_of(tmp_path / "a")) is None
    assert hindrance(tmp_path / "a", "0" * 64) is not None


@pytest.mark.parametrize(("make", "is_place"), [(_file, True), (lambda path: path.mkdir(), False)])
def test_a_place_of_a_file_holds_a_file_or_nothing(tmp_path, make, is_place):
    require_place_of_file(tmp_path / "a")
    make(tmp_path / "a")
    if is_place:
        require_place_of_file(tmp_path / "a")
    else:
        with pytest.raises(RunError, match="is a folder"):
            require_place_of_file(tmp_path / "a")


def test_a_signature_tells_of_changes(tmp_path):
    path = tmp_path / "a"
    assert signature(path) is None
    path.write_text("one")
    first = signature(path)
    assert signature(path) == first
    path.write_text("three")
    assert signature(path) != first
