"""How each task is measured at a severity, a file for each."""

from __future__ import annotations

# These enter themselves.
from tfuq.shift.tasks import classification as classification
from tfuq.shift.tasks import landmarks as landmarks
from tfuq.shift.tasks import segmentation as segmentation
from tfuq.shift.tasks.base import SHIFTS, ShiftTask

__all__ = ["SHIFTS", "ShiftTask"]
