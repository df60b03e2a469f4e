"""The tasks, each in one file: outputs of its networks, training, and what samples give.

The sampling core knows no task. A task gives it an activation, which makes a sample from a
network's outputs, and reducers.
"""

from __future__ import annotations

from tfuq.config import Config
from tfuq.tasks.base import Task, TaskLoss
from tfuq.tasks.classification import Classification
from tfuq.tasks.landmarks import Landmarks
from tfuq.tasks.segmentation import Segmentation

__all__ = ["Task", "TaskLoss", "task_of"]

_TASKS: dict[str, Task] = {
    "segmentation": Segmentation(),
    "classification": Classification(),
    "landmarks": Landmarks(),
}


def task_of(config: Config) -> Task:
    """The configuration's task."""
    return _TASKS[config.task]
