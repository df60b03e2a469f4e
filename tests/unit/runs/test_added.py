"""The cases that a prediction finishes, and when the manifest's file takes them over."""

import json

import pytest

from tests.support.manifests import a_case, a_manifest
from tfuq.data import disk
from tfuq.data.cases import Case
from tfuq.data.writers import whole_folder, write_text
from tfuq.errors import TfuqError
from tfuq.runs import results
from tfuq.runs.added import AddedCases
from tfuq.runs.finished import FINISHED
from tfuq.runs.results import read_manifest

SECONDS = {"network": 0.25}


class KilledError(BaseException):
    """Stands for a process that ends here."""


@pytest.fixture
def begun(tmp_path):
    results.begin(tmp_path, a_manifest())
    return tmp_path


def test_a_case_costs_the_same_however_many_there_are(begun, monkeypatch):
    written = []
    write = disk.write
    monkeypatch.setattr(
        disk, "write", lambda file, content: written.append(len(content)) or write(file, content)
    )
    with AddedCases(begun, a_manifest()) as adding:
        adding.add(a_case(begun, "case-000"), SECONDS)
        for number in range(1, 300):
            written.clear()
            adding.add(a_case(begun, f"case-{number:03}"), SECONDS)
            assert written == [len((begun / FINISHED).read_bytes().splitlines()[-1]) + 1]
    assert len(results.read_manifest(begun).cases) == 300


def add_one_and_fail(folder, manifest):
    with AddedCases(folder, manifest) as adding:
        adding.add(a_case(folder, "a"), SECONDS)
        raise KilledError


def test_an_error_leaves_the_cases_in_the_manifest(begun):
    with pytest.raises(KilledError):
        add_one_and_fail(begun, a_manifest())
    assert list(json.loads((begun / results.MANIFEST).read_text())["cases"]) == ["a"]
    assert not (begun / FINISHED).exists()


def test_an_error_counts_before_one_of_the_manifest(begun, monkeypatch):
    def full(*arguments):
        raise TfuqError("no room")

    manifest = a_manifest()
    monkeypatch.setattr(type(manifest), "write", full)
    with pytest.raises(KilledError):
        add_one_and_fail(begun, manifest)
    assert list(results.read_manifest(begun).cases) == ["a"], "the list has it"


def test_nothing_is_written_where_nothing_is_added(begun):
    before = {path.name: path.stat().st_mtime_ns for path in begun.iterdir()}
    with AddedCases(begun, a_manifest()):
        pass
    assert {path.name: path.stat().st_mtime_ns for path in begun.iterdir()} == before


KIND = "case of predictions"


def predicted(folder, names):
    """A predictions folder with a file for each case."""
    made = a_manifest()
    made.write(folder)
    with AddedCases(folder, made) as added:
        for name in names:
            with whole_folder(folder / name, KIND) as unfinished:
                write_text(unfinished / "label", name)
            added.add(Case(name, (folder / f"{name}.nii",)), {"read": 1.0})
    return made


def is_complete(folder):
    return (folder / "label").is_file()


def test_the_cases_of_another_folder_are_moved(tmp_path):
    ours = predicted(tmp_path / "ours", ["a"])
    theirs = predicted(tmp_path / "theirs", ["b", "c"])
    with AddedCases(tmp_path / "ours", ours) as added:
        added.take_in(tmp_path / "theirs", KIND, is_complete)
    read = read_manifest(tmp_path / "ours")
    assert list(read.cases) == ["a", "b", "c"]
    assert read.cases["b"] == theirs.cases["b"]
    assert (tmp_path / "ours" / "c" / "label").read_text() == "c"
    assert not (tmp_path / "theirs" / "c").exists()


def test_a_case_that_was_moved_and_not_entered_is_entered(tmp_path):
    ours = predicted(tmp_path / "ours", [])
    predicted(tmp_path / "theirs", ["b", "c"])
    (tmp_path / "theirs" / "b").rename(tmp_path / "ours" / "b")  # as by a process that was killed
    for _ in range(2):
        with AddedCases(tmp_path / "ours", ours) as added:
            added.take_in(tmp_path / "theirs", KIND, is_complete)
    assert list(read_manifest(tmp_path / "ours").cases) == ["b", "c"]


def test_a_case_that_lies_nowhere_is_not_entered(tmp_path):
    ours = predicted(tmp_path / "ours", [])
    predicted(tmp_path / "theirs", ["b"])
    (tmp_path / "theirs" / "b").rename(tmp_path / "gone")
    with AddedCases(tmp_path / "ours", ours) as added:
        added.take_in(tmp_path / "theirs", KIND, is_complete)
    assert read_manifest(tmp_path / "ours").cases == {}
