"""Cases in slices: how they are cut, and what is done with their files."""

from pathlib import Path

import pytest

from tests.support.observers import Recorder
from tfuq.data.case import Case
from tfuq.data.writers import write_text
from tfuq.errors import DataError
from tfuq.execution import PartDoneError, Serial
from tfuq.execution.serial import Part
from tfuq.execution.slices import SlicedWork

CASES = [Case(f"c{number}", ()) for number in range(5)]


def write_ids(word, cases, path, *, observer):
    """A task: the ids of the cases."""
    if word == "bad" and cases[0].id == "c2":
        raise DataError("c2: is bad")
    write_text(path, " ".join(case.id for case in cases))


def work_in(folder: Path, word: str = "good") -> SlicedWork:
    return SlicedWork(
        function=write_ids,
        arguments=(word,),
        folder=folder / "slices",
        suffix=".txt",
        described=word,
    )


def run(work, executor):
    """What is taken: a text of a file, or the ids of cases without one."""
    taken = []

    def take(part):
        ids = [case.id for case in part.cases]
        taken.append(part.path.read_text() if part.path.is_file() else ids)

    work.run(work.cut(CASES, 2, lambda case: case.id), executor, Recorder(), take)
    return taken


def test_a_call_for_all_takes_what_parts_have_made(tmp_path):
    work = work_in(tmp_path)
    assert not work.is_begun
    with pytest.raises(PartDoneError):
        run(work, Part(0, 2))
    assert work.is_begun
    assert run(work, Serial()) == ["c0 c1", ["c2", "c3"], "c4"]
    assert not work.is_begun


def test_files_of_other_work_are_not_taken(tmp_path):
    with pytest.raises(PartDoneError):
        run(work_in(tmp_path), Part(0, 2))
    assert run(work_in(tmp_path, "other"), Serial()) == [["c0", "c1"], ["c2", "c3"], ["c4"]]


def test_a_slice_has_another_file_when_a_case_of_it_changes(tmp_path):
    work = work_in(tmp_path)
    before = work.cut(CASES, 2, lambda case: [case.id, 0])
    after = work.cut(CASES, 2, lambda case: [case.id, int(case.id == "c3")])
    is_same = [one.path == other.path for one, other in zip(before, after, strict=True)]
    assert is_same == [True, False, True]


def test_the_files_of_the_others_are_kept_where_a_task_fails(tmp_path):
    work = work_in(tmp_path, "bad")
    with pytest.raises(DataError, match="c2: is bad"):
        run(work, Part(0, 1))
    assert {path.read_text() for path in work.folder.glob("*.txt")} == {"c0 c1", "c4"}
