"""What a report shows of each task, a file for each."""

from __future__ import annotations

# These enter themselves.
from tfuq.report.tasks import classification as classification
from tfuq.report.tasks import landmarks as landmarks
from tfuq.report.tasks import segmentation as segmentation
from tfuq.report.tasks.base import REPORTS, TaskReport

__all__ = ["REPORTS", "TaskReport"]
