"""How many windows a GPU sees at once, by its memory."""

from __future__ import annotations

import math

import tf_keras
from tensorflow.python.client import device_lib

from tfuq.config import Config

_MOST = 64
_MEMORY_SHARE = 4  # a part of a GPU's memory that the maps of a chunk may take
_FLOAT_BYTES = 4


def chunk_size(config: Config, model: tf_keras.Model) -> int:
    """How many windows a network sees at once where a GPU runs it.

    With ``prediction.chunk: auto`` it is the largest power of two, up to 64, of which all maps of
    the network take a quarter of the GPU's memory, and never less than without ``auto``.

    Args:
        config: the configuration.
        model: its network.
    """
    memory = gpu_memory()
    if config.prediction.chunk != "auto" or not memory:
        return config.chunk
    windows = memory // _MEMORY_SHARE // window_bytes(model)
    fitting = 1
    while 2 * fitting <= min(windows, _MOST):
        fitting *= 2
    return max(fitting, config.chunk)


def window_bytes(model: tf_keras.Model) -> int:
    """Bytes of all maps that a network makes of one window."""
    elements = 0
    for layer in model.layers:
        shape = layer.output_shape
        if isinstance(shape, tuple):  # that of an input is a list
            elements += math.prod(size for size in shape if size)
    return elements * _FLOAT_BYTES


def gpu_memory() -> int:
    """Bytes that TensorFlow may take of the first GPU; 0 without one."""
    for device in device_lib.list_local_devices():
        if device.device_type == "GPU":
            return int(device.memory_limit)
    return 0
