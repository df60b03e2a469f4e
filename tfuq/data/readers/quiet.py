"""Libraries in C that write to the terminal by themselves, kept from it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Silence:
    """The process' standard error, hidden as long as any block asks for it.

    Images are read by threads, also within a block that another thread holds open. So no block
    waits for another one: the first hides standard error, and the last shows it again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._standard_error = -1

    def begin(self) -> None:
        """Enter a block."""
        with self._lock:
            if self._blocks == 0:
                self._hide()
            self._blocks += 1

    def end(self) -> None:
        """Leave a block."""
        with self._lock:
            self._blocks -= 1
            if self._blocks == 0:
                os.dup2(self._standard_error, 2)
                os.close(self._standard_error)

    def _hide(self) -> None:
        sys.stderr.flush()
        self._standard_error = os.dup(2)
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 2)
        os.close(devnull)


_SILENCE = _Silence()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hide what the process writes to its standard error within the block."""
    if sys.stderr is None:
        yield
        return
    _SILENCE.begin()
    try:
        yield
    finally:
        _SILENCE.end()
