"""How long the stages of a prediction take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Enter into ``seconds`` how long the block takes."""
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
