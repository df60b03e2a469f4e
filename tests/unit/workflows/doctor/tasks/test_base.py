"""The table of what the doctor looks at, by task."""

from tfuq.config import TASKS
from tfuq.workflows.doctor.tasks import CHECKS
from tfuq.workflows.doctor.tasks.base import TaskChecks


def test_every_task_is_looked_at():
    assert all(isinstance(CHECKS[task], TaskChecks) for task in TASKS)
