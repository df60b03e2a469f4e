"""Tasks in this process, and the part of one process of several."""

from functools import partial

import pytest

from tests.support import tasks
from tests.support.observers import Recorder
from tfuq.errors import DataError
from tfuq.execution import PartDoneError, Serial, Task
from tfuq.execution.serial import Part


def test_the_others_go_on_where_a_task_is_refused(tmp_path):
    refused = Task(name="bad", function=tasks.refuse)
    outcome = Serial().run([refused, *tasks.writing(tmp_path, 2)], Recorder())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.txt", "1.txt"]
    assert list(outcome.errors) == ["bad"]
    assert isinstance(outcome.errors["bad"], DataError)


def test_a_task_that_is_lost_goes_on(tmp_path):
    path = tmp_path / "lines"
    lost = Task(name="lost", function=tasks.lose, arguments=(path, 2))
    Serial().run([lost], Recorder()).require_done()
    assert path.read_text().split() == ["lost", "lost", "done"]


def test_another_error_ends_the_command(tmp_path):
    path = tmp_path / "lines"
    failing = Task(name="failing", function=tasks.fail, arguments=(path,))
    with pytest.raises(ValueError, match="something is wrong"):
        Serial().run([failing], Recorder())
    assert path.read_text() == "tried\n"


def test_parts_share_the_tasks(tmp_path):
    work = tasks.writing(tmp_path, 5)
    for index, names in ((0, ["0.txt", "2.txt", "4.txt"]), (1, ["1.txt", "3.txt"])):
        with pytest.raises(PartDoneError, match=f"part {index} of 2 is done"):
            Part(index, 2).run(work, Recorder())
        assert sorted(path.name for path in tmp_path.iterdir()) == names
        for path in tmp_path.iterdir():
            path.unlink()


def test_parts_hold_a_folder_together(tmp_path):
    hold = partial(Part, count=2)
    with hold(0).holding(tmp_path, "a"), hold(1).holding(tmp_path, "a"):
        assert {path.name for path in (tmp_path / ".parts").glob("*-of-2")} == {"0-of-2", "1-of-2"}
