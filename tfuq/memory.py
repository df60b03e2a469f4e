"""TensorFlow's way of saying that memory is full, as Python's."""

from __future__ import annotations

from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def memory_errors():
    """Tensors that do not fit within the block raise MemoryError, as arrays do."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(" ".join(error.message.split())[:200]) from error
