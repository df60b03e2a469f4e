"""TensorFlow's error of full memory, as Python's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

_MOST_MESSAGE = 200  # characters


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raise MemoryError for tensors that do not fit, as for arrays.

    Raises:
        MemoryError: tensors within the block do not fit into memory.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        message = " ".join(error.message.split())
        raise MemoryError(message[:_MOST_MESSAGE]) from error
