"""Work on many items in several threads, with results in the items' order."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tfuq.data.budget import free_memory

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORKING_COPIES = 8  # of a result, which may be in memory while it is made


def in_order(
    call: Callable[[Item], Result],
    items: Iterable[Item],
    size_of: Callable[[Result], int],
) -> Iterator[Result]:
    """Call a function with each item, in as many threads as cores and memory allow.

    The first item goes alone, to learn how large a result is. Reading and resampling of images
    mostly run outside of Python's lock, so that threads serve. Results wait for their turn, but no
    more of them than there are threads.

    Args:
        call: The function.
        items: Its arguments.
        size_of: Bytes of a result.

    Yields:
        The results, in the order of the items. The error of the first item that fails comes in its
        place, and no further item is begun.
    """
    rest = iter(items)
    for item in itertools.islice(rest, 1):
        first = call(item)
        workers = worker_count(size_of(first))
        yield first
        yield from _by_threads(call, rest, workers)


def worker_count(size: int) -> int:
    """How many threads may work at once.

    Args:
        size: Bytes of a result.
    """
    that_fit = free_memory() // max(_WORKING_COPIES * size, 1)
    return max(1, min(core_count(), that_fit))


def core_count() -> int:
    """The processor's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone has it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_threads(
    call: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(call, item))
                if len(pending) > workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
