"""What a server answers for each task, a file for each."""

from __future__ import annotations

# These enter themselves.
from tfuq.serving.tasks import classification as classification
from tfuq.serving.tasks import landmarks as landmarks
from tfuq.serving.tasks import segmentation as segmentation
from tfuq.serving.tasks.base import SERVED, ServedTask, Tensors

__all__ = ["SERVED", "ServedTask", "Tensors"]
