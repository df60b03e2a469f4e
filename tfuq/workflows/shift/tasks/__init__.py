"""How each task is measured at a severity, a file for each."""

from __future__ import annotations

# These enter themselves.
from tfuq.workflows.shift.tasks import classification as classification
from tfuq.workflows.shift.tasks import landmarks as landmarks
from tfuq.workflows.shift.tasks import segmentation as segmentation
from tfuq.workflows.shift.tasks.base import SHIFTS, ShiftTask

__all__ = ["SHIFTS", "ShiftTask"]
