"""What the doctor looks at of each task, a file for each."""

from __future__ import annotations

# These enter themselves.
from tfuq.workflows.doctor.tasks import classification as classification
from tfuq.workflows.doctor.tasks import landmarks as landmarks
from tfuq.workflows.doctor.tasks import segmentation as segmentation
from tfuq.workflows.doctor.tasks.base import CHECKS, TaskChecks

__all__ = ["CHECKS", "TaskChecks"]
