"""Networks behind TensorFlow Serving: exported with the sampling graph inside, checked, and asked."""

from tfuq.serving.exporting import export

__all__ = ["export"]
