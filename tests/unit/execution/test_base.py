"""What executors have in common."""

import pytest

from tests.support.observers import Recorder
from tests.support.tasks import writing
from tfuq.data.locks import exclusive
from tfuq.errors import RunError
from tfuq.execution import Serial, Task
from tfuq.execution.base import Executor


def test_what_is_done_is_not_run_again(tmp_path):
    first, second = writing(tmp_path, 2)
    done = Task(name=first.name, function=first.function, arguments=first.arguments, is_done=True)
    executor: Executor = Serial()
    assert executor.run([done, second], Recorder()).total == 1
    assert [path.name for path in tmp_path.iterdir()] == ["1.txt"]


def test_the_folder_of_the_tasks_is_held(tmp_path):
    with (
        Serial().holding(tmp_path, "working in"),
        pytest.raises(RunError, match="is working in"),
        exclusive(tmp_path, "working in"),
    ):
        pass
