"""A cell is a task: its commands run in turn, and what went wrong in one is said."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.conftest import settings
from tests.support.observers import Recorder
from tfuq.errors import RunError
from tfuq.execution import TaskLostError
from tfuq.workflows.study import execution
from tfuq.workflows.study.cells import Cell
from tfuq.workflows.study.execution import run_cell, run_command, tasks_of


@pytest.fixture
def cell(tmp_path):
    return Cell(id="a", labels={}, config=settings(tmp_path), folder=tmp_path / "study")


@pytest.fixture
def ends(monkeypatch):
    """Says what commands write to the log, and their exit code."""

    def say(text, code):
        def command(arguments, log):
            with log.open("a") as file:
                file.write(text)
            return code

        monkeypatch.setattr(execution, "run_command", command)

    return say


def test_commands_are_run_in_turn_and_go_on_where_they_stopped(cell, monkeypatch):
    ran = []
    monkeypatch.setattr(execution, "run_command", lambda words, log: ran.append(list(words)))
    (task,) = tasks_of([cell], ("tfuq",))
    task.run(Recorder())
    run = str(cell.run)
    predictions = f"{run}/predictions/mc-dropout"
    here = ["--execute", "serial"]
    assert ran == [
        ["tfuq", "train", str(cell.settings), "--run", run, "--resume", *here],
        ["tfuq", "predict", run, "--out", predictions, *here],
        ["tfuq", "score", predictions, "--no-figures", "--execute", "serial"],
    ]
    assert cell.settings.read_text() == cell.config.dump()
    assert (task.name, task.is_done) == ("a", False)


def test_members_are_kept_where_the_table_tells_how_they_differ(cell, monkeypatch):
    ran = []
    monkeypatch.setattr(execution, "run_command", lambda words, log: ran.append(list(words)))
    (task,) = tasks_of([replace(cell, keeps_members=True, scores_training=True)], ())
    task.run(Recorder())
    asked = [words for words in ran if words[0] == "predict"]
    assert ["--save-members" in words for words in asked] == [True, False]


def test_training_cases_are_predicted_too_where_the_table_has_them(cell, monkeypatch):
    ran = []
    monkeypatch.setattr(execution, "run_command", lambda words, log: ran.append(list(words)))
    (task,) = tasks_of([replace(cell, scores_training=True)], ())
    task.run(Recorder())
    folder = f"{cell.run}/predictions/mc-dropout-train"
    here = ["--execute", "serial"]
    assert ran[3:] == [
        ["predict", str(cell.run), "--split", "train", "--out", folder, *here],
        ["score", folder, "--no-figures", *here],
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("tfuq: a: first\nnoise\ntfuq: b: is damaged\nmore\n", "b: is damaged"),
        ("nothing of ours\n", "tfuq train ended with exit code 2; see "),
        ("", "tfuq train ended with exit code 2; see "),
        ("tfuq: " + "x" * 999, "x" * 300),
    ],
)
def test_the_last_line_of_ours_says_what_went_wrong(cell, ends, text, error):
    ends(text, 2)
    with pytest.raises(RunError) as raised:
        run_cell(cell, (), observer=Recorder())
    assert str(raised.value).startswith(error)
    assert len(str(raised.value)) <= 300


def test_lines_of_an_earlier_run_say_nothing(cell, ends):
    ends("tfuq: earlier\n", 2)
    with pytest.raises(RunError, match="earlier"):
        run_cell(cell, (), observer=Recorder())
    ends("", 3)
    with pytest.raises(RunError, match="tfuq train ended with exit code 3; see "):
        run_cell(cell, (), observer=Recorder())


@pytest.mark.parametrize("code", [-9, 143])
def test_a_command_that_was_killed_may_be_tried_again(cell, ends, code):
    ends("", code)
    with pytest.raises(TaskLostError, match=f"tfuq train ended with exit code {code}"):
        run_cell(cell, (), observer=Recorder())


def test_a_command_writes_to_its_log(tmp_path):
    words = [sys.executable, "-c", "import sys; print('said'); sys.exit(4)"]
    assert run_command(words, tmp_path / "log") == 4
    assert (tmp_path / "log").read_text() == "said\n"


def test_a_command_ends_with_the_one_that_waits_for_it(tmp_path, monkeypatch):
    started = []

    class Stopped(subprocess.Popen):
        def wait(self, timeout=None):
            if not started:
                started.append(self)
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(execution.subprocess, "Popen", Stopped)
    words = [sys.executable, "-c", "import time; time.sleep(300)"]
    with pytest.raises(KeyboardInterrupt):
        run_command(words, tmp_path / "log")
    assert started[0].wait(60) == -15
