"""How long the stages of a prediction take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Enter into ``seconds`` how long the block takes."""
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started


def timed_items(items: Iterable[T], seconds: dict[str, float], stage: str) -> Iterator[T]:
    """Give each item; add to ``seconds`` how long it takes to make them."""
    iterator = iter(items)
    seconds.setdefault(stage, 0.0)
    while True:
        started = time.perf_counter()
        try:
            item = next(iterator)
        except StopIteration:
            return
        finally:
            seconds[stage] += time.perf_counter() - started
        yield item
        del item  # it need not be in memory while the next one is made
