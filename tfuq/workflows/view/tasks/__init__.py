"""What the page shows of each task's predictions."""

from tfuq.workflows.view.tasks import classification as classification
from tfuq.workflows.view.tasks import landmarks as landmarks
from tfuq.workflows.view.tasks import segmentation as segmentation
from tfuq.workflows.view.tasks.base import VIEWED, Content, Viewed

__all__ = ["VIEWED", "Content", "Viewed"]
