"""What a plan decides for each task."""

from __future__ import annotations

from tfuq.workflows.plan.tasks import classification as classification  # each enters itself
from tfuq.workflows.plan.tasks import landmarks as landmarks
from tfuq.workflows.plan.tasks import segmentation as segmentation
from tfuq.workflows.plan.tasks.base import PLANNERS, Planner

__all__ = ["PLANNERS", "Planner"]
