"""Networks behind TensorFlow Serving: exported with the sampling graph, checked, and asked."""

from tfuq.serving.checking import inspect, serve_check
from tfuq.serving.client import Client
from tfuq.serving.exporting import export

__all__ = ["Client", "export", "inspect", "serve_check"]
