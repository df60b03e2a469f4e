"""Libraries in C that write to the terminal by themselves, kept from it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()  # the process has one standard error, and images are read by threads


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hide what the process writes to its standard error within the block."""
    if sys.stderr is None:
        yield
        return
    with _lock:
        yield from _hidden()


def _hidden() -> Iterator[None]:
    sys.stderr.flush()
    standard_error = os.dup(2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
        os.close(devnull)
