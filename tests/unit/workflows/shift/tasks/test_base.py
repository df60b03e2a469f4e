"""The table of how tasks are measured at a severity."""

from tfuq.config import TASKS
from tfuq.workflows.shift.tasks import SHIFTS
from tfuq.workflows.shift.tasks.base import ShiftTask


def test_every_task_is_measured_and_landmarks_take_heads():
    tasks = {name: SHIFTS[name] for name in TASKS}
    assert all(isinstance(task, ShiftTask) for task in tasks.values())
    assert [name for name, task in tasks.items() if task.head_measurer] == ["landmarks"]
