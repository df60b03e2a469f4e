"""The tasks, each in one place: what its networks put out, how it is trained, and what is gathered from its samples.

The sampling core knows none of them. A task hands it an activation, which makes a sample of a network's outputs, and reducers.
"""

from __future__ import annotations

from tfuq.config import Config
from tfuq.tasks.base import Task, TaskLoss
from tfuq.tasks.classification import Classification
from tfuq.tasks.landmarks import Landmarks
from tfuq.tasks.segmentation import Segmentation

__all__ = ["Task", "TaskLoss", "task_of"]

_TASKS: dict[str, Task] = {"segmentation": Segmentation(), "classification": Classification(), "landmarks": Landmarks()}


def task_of(config: Config) -> Task:
    """The configuration's task."""
    return _TASKS[config.task]
