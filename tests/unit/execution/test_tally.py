"""Tasks that fail are counted and named."""

import pytest

from tests.support.observers import Recorder
from tests.support.tasks import writing
from tfuq.data.events import TaskEnded, TaskLost
from tfuq.errors import DataError, RunError
from tfuq.execution.tally import Tally


@pytest.fixture
def recorder():
    return Recorder()


def test_each_end_is_told(recorder, tmp_path):
    first, second = writing(tmp_path, 2)
    tally = Tally([first, second], recorder)
    tally.done(second)
    tally.refused(first, DataError("no scan"))
    assert recorder.events == [
        TaskEnded(task="task 1", done=1, total=2, error=None),
        TaskEnded(task="task 0", done=2, total=2, error="no scan"),
    ]


def test_a_lost_task_is_tried_three_times(recorder, tmp_path):
    (task,) = writing(tmp_path, 1)
    tally = Tally([task], recorder)
    assert [tally.lost(task, "it died") for _ in range(3)] == [True, True, False]
    assert recorder.events[:2] == [
        TaskLost(task="task 0", reason="it died", attempt=1, most=3),
        TaskLost(task="task 0", reason="it died", attempt=2, most=3),
    ]
    with pytest.raises(RunError, match="task 0: failed 3 times, at last as it died; mend that"):
        tally.outcome.require_done()


def test_the_only_failure_is_raised_as_it_is(recorder, tmp_path):
    tasks = writing(tmp_path, 2)
    tally = Tally(tasks, recorder)
    error = DataError("no scan")
    tally.refused(tasks[0], error)
    with pytest.raises(DataError) as raised:
        tally.outcome.require_done()
    assert raised.value is error


def test_several_failures_are_named(recorder, tmp_path):
    tasks = writing(tmp_path, 7)
    tally = Tally(tasks, recorder)
    for task in tasks[:6]:
        tally.refused(task, DataError("no scan"))
    with pytest.raises(RunError, match=r"6 of 7 tasks failed.*task 0: no scan \| .*and 1 more"):
        tally.outcome.require_done()
