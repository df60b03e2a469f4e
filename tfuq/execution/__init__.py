"""Where tasks run: in this process, in several, on a cluster. What a task does is not known here.

A command cuts its work into tasks and gives them to an executor. Tasks can be repeated: what is
finished is kept, and what was stopped goes on. So an executor may run a task again whose process
has died.
"""

from __future__ import annotations

from tfuq.execution.base import Executor
from tfuq.execution.choice import EXECUTORS, executor_of
from tfuq.execution.serial import Serial
from tfuq.execution.tally import Outcome
from tfuq.execution.task import PartDoneError, Task, TaskLostError

__all__ = [
    "EXECUTORS",
    "Executor",
    "Outcome",
    "PartDoneError",
    "Serial",
    "Task",
    "TaskLostError",
    "executor_of",
]
