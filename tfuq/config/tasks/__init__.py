"""What each task takes of a configuration, a file for each task.

`TASKS` is the list of tasks. Every other stage has a table of its own with the same names.
"""

from __future__ import annotations

# These enter themselves, in the order in which messages name the tasks.
from tfuq.config.tasks import segmentation as segmentation  # isort: skip
from tfuq.config.tasks import classification as classification  # isort: skip
from tfuq.config.tasks import landmarks as landmarks  # isort: skip
from tfuq.config.tasks.rules import TASKS, TaskRules

__all__ = ["TASKS", "TaskRules"]
