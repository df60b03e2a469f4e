"""The tasks, each in one file: outputs of its networks, training, and what samples give.

The sampling core knows no task. A task gives it an activation, which makes a sample from a
network's outputs, and reducers. Of what the reducers gathered a task makes the rows of tables, or
leaves it to be written as the maps of a volume.
"""

from __future__ import annotations

from tfuq.config import Config

# These enter themselves.
from tfuq.tasks import classification as classification
from tfuq.tasks import landmarks as landmarks
from tfuq.tasks import segmentation as segmentation
from tfuq.tasks.base import FIRST_DEFINITION, NETWORK_TASKS, Task, TaskLoss

__all__ = ["FIRST_DEFINITION", "NETWORK_TASKS", "Task", "TaskLoss", "task_of"]


def task_of(config: Config) -> Task:
    """The configuration's task."""
    return NETWORK_TASKS[config.task]
