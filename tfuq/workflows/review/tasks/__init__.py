"""What a review reads of each task's predictions."""

from tfuq.workflows.review.tasks import classification as classification
from tfuq.workflows.review.tasks import landmarks as landmarks
from tfuq.workflows.review.tasks import segmentation as segmentation
from tfuq.workflows.review.tasks.base import REVIEWED, PartPlace, Reviewed

__all__ = ["REVIEWED", "PartPlace", "Reviewed"]
