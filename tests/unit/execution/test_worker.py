"""How a process runs a task for another, and what it reports."""

import logging
import pickle

import pytest

from tests.support import tasks
from tfuq.data.events import CaseScored
from tfuq.execution import Task
from tfuq.execution.worker import Manner, run_pickled, show_report

MANNER = Manner(level=logging.INFO, is_verbose=False)


def run(task):
    """Run a task as a worker does; how it ended, and what was reported."""
    reports = []
    return run_pickled(pickle.dumps(task), reports.append, MANNER), reports


def test_events_and_lines_are_reported(tmp_path):
    ending, (event, record) = run(tasks.writing(tmp_path, 1)[0])
    assert (ending.refusal, ending.failure) == (None, None)
    assert event == CaseScored(case="text 0")
    assert (record.name, record.getMessage()) == ("tfuq.tasks", "writes text 0")


@pytest.mark.parametrize(
    ("function", "arguments", "failure"),
    [
        (tasks.fail, ("tried",), "ValueError: something is wrong"),
        (tasks.lose, ("lines", 1), "it was killed"),
    ],
)
def test_a_failure_is_told_in_words(tmp_path, function, arguments, failure):
    name, *others = arguments
    ending, _ = run(Task(name="a", function=function, arguments=(tmp_path / name, *others)))
    assert ending.failure == failure
    assert ending.refusal is None


def test_a_refusal_is_given_back():
    ending, _ = run(Task(name="a", function=tasks.refuse))
    assert str(ending.refusal) == "scan.nii: is no scan; give another"


def test_reports_go_where_they_would_have_gone_here(tmp_path, caplog):
    _, reports = run(tasks.writing(tmp_path, 1)[0])
    events = []
    with caplog.at_level(logging.INFO, "tfuq"):
        for report in reports:
            show_report(report, events.append)
    assert events == [CaseScored(case="text 0")]
    assert caplog.messages == ["writes text 0"]
