"""What a query reads of each task's predictions."""

from tfuq.workflows.query.tasks import classification as classification
from tfuq.workflows.query.tasks import landmarks as landmarks
from tfuq.workflows.query.tasks import segmentation as segmentation
from tfuq.workflows.query.tasks.base import QUERIED, Queried

__all__ = ["QUERIED", "Queried"]
