"""The list that each folder keeps of the files that tfuq wrote into it."""

import json
import os
import subprocess
import sys

import pytest

from tfuq.data import ledger
from tfuq.data.host import this_host
from tfuq.data.ledger import (
    ACTIVE,
    LEDGER,
    Process,
    Ready,
    add_entries,
    file_entry,
    has_ledger,
    is_left,
    kind_entry,
    read_ledger,
    ready_entry,
    unfinished_entry,
)
from tfuq.errors import RunError


def ended() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_entries_are_read_back(tmp_path):
    ready = Ready("summary.json", ("old.csv",))
    entries = [
        kind_entry("case"),
        file_entry("a.txt", "11"),
        unfinished_entry(".set.part"),
        unfinished_entry(".old.part", aside=True),
        ready_entry(".set.part", ready),
    ]
    add_entries(tmp_path, entries)
    found = read_ledger(tmp_path)
    assert found.kind == "case"
    assert found.digests == {"a.txt": ["11"]}
    assert found.unfinished == {
        ".set.part": Process(this_host(), os.getpid()),
        ".old.part": Process(this_host(), os.getpid(), aside=True),
    }
    assert found.ready == {".set.part": ready}


def test_a_folder_without_a_list_has_an_empty_one(tmp_path):
    assert not has_ledger(tmp_path)
    assert read_ledger(tmp_path / "absent") == ledger.Ledger()
    add_entries(tmp_path, [])
    assert has_ledger(tmp_path)
    assert read_ledger(tmp_path) == ledger.Ledger()


def test_the_last_writings_of_a_file_are_known_oldest_first(tmp_path):
    add_entries(tmp_path, [file_entry("a", digest) for digest in "12345"])
    add_entries(tmp_path, [file_entry("a", "3")])
    assert read_ledger(tmp_path).digests == {"a": ["2", "4", "5", "3"]}


def test_a_file_that_has_its_name_is_no_longer_unfinished(tmp_path):
    add_entries(tmp_path, [unfinished_entry("log.csv")])
    assert set(read_ledger(tmp_path).unfinished) == {"log.csv"}
    add_entries(tmp_path, [file_entry("log.csv", "1")])
    assert read_ledger(tmp_path).unfinished == {}


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_was_cut_off_says_nothing_and_spoils_none(tmp_path, cut):
    add_entries(tmp_path, [file_entry("a", "1"), file_entry("b", "2")])
    path = tmp_path / LEDGER
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_ledger(tmp_path).digests == {"a": ["1"]}
    add_entries(tmp_path, [file_entry("c", "3")])
    digests = read_ledger(tmp_path).digests
    assert digests["a"] == ["1"]
    assert digests["c"] == ["3"]


@pytest.mark.parametrize(
    "line", ["{", "[1]", "null", '{"name": 1, "sha256": "2"}', '{"part": "a"}', "[" * 9999]
)
def test_lines_of_something_else_say_nothing(tmp_path, line):
    add_entries(tmp_path, [file_entry("a", "1")])
    with (tmp_path / LEDGER).open("a") as file:
        file.write(line + "\n")
    add_entries(tmp_path, [file_entry("b", "2")])
    assert read_ledger(tmp_path) == ledger.Ledger({"a": ["1"], "b": ["2"]})


@pytest.mark.parametrize("content", ["theirs", "theirs\n", '{"name": "a", "sha256": "1"}\n'])
def test_a_file_of_the_lists_name_that_is_none_is_left_alone(tmp_path, content):
    (tmp_path / LEDGER).write_text(content)
    assert not has_ledger(tmp_path)
    assert read_ledger(tmp_path).digests == {}
    with pytest.raises(RunError, match="something other than the list"):
        add_entries(tmp_path, [file_entry("a", "1")])
    assert (tmp_path / LEDGER).read_text() == content


def test_a_link_in_the_lists_place_is_not_followed(tmp_path):
    (tmp_path / "target").write_text("theirs")
    (tmp_path / LEDGER).symlink_to("target")
    assert not has_ledger(tmp_path)
    with pytest.raises(RunError, match="is a link or a device"):
        add_entries(tmp_path, [])
    assert (tmp_path / "target").read_text() == "theirs"


def test_a_list_that_has_grown_says_the_same_with_fewer_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "_COMPACTED_EVERY", 2000)
    add_entries(tmp_path, [kind_entry("case"), unfinished_entry("log.csv")])
    before = [file_entry("a", str(k % 7)) for k in range(200)]
    for entry in before:
        add_entries(tmp_path, [entry])
    found = read_ledger(tmp_path)
    assert found.digests == {"a": [str(k % 7) for k in range(196, 200)]}
    assert found.kind == "case"
    assert "log.csv" in found.unfinished
    assert (tmp_path / LEDGER).stat().st_size < 4000
    assert [path.name for path in tmp_path.iterdir()] == [LEDGER]


def test_a_process_is_dead_only_if_that_is_known():
    assert Process(this_host(), ended()).is_dead
    assert not Process(this_host(), os.getpid()).is_dead
    assert not Process("another", 1).is_dead
    assert not Process(this_host(), 2**80).is_dead
    assert Process(this_host(), os.getpid()).is_this
    assert not Process("another", os.getpid()).is_this


def test_what_is_left_is_of_a_process_that_writes_it_no_more(tmp_path):
    path = tmp_path / "a"
    own = Process(this_host(), os.getpid())
    assert is_left(path, own)
    ACTIVE.add(path)
    try:
        assert not is_left(path, own)
        assert not is_left(path, own, held=True)
    finally:
        ACTIVE.discard(path)
    assert is_left(path, Process(this_host(), ended()))
    assert not is_left(path, Process("another", 1))
    assert is_left(path, Process("another", 1), held=True)


def test_a_line_is_one_of_json(tmp_path):
    add_entries(tmp_path, [file_entry("a\nb", "1")])
    first, second = (tmp_path / LEDGER).read_text().splitlines()
    assert "leave this list here" in json.loads(first)["tfuq"]
    assert json.loads(second) == {"name": "a\nb", "sha256": "1"}
