"""Figures are drawn and written by other processes, while the next ones are made."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from matplotlib.figure import Figure

from tfuq.data.parallel import core_count
from tfuq.report.plotting import save
from tfuq.report.scored import NamedFigures

_FAILED = 1


@dataclass(frozen=True, kw_only=True)
class _Pending:
    """A figure that another process writes."""

    figure: Figure
    path: Path
    process: BaseProcess

    def finish(self) -> None:
        """Wait for it. What another process cannot write, this one does, or says why not."""
        self.process.join()
        if self.process.exitcode:
            save(self.figure, self.path)


def save_all(figures: NamedFigures, output: Path) -> list[Path]:
    """Write figures as PNG, each whole or not at all.

    Args:
        figures: Each with its file name without the ending.
        output: The folder to write to. No process writes there once this has returned or raised.

    Returns:
        The files, in the order of the figures.

    Raises:
        RunError: A file cannot be written.
    """
    paths = []
    pending: deque[_Pending] = deque()
    try:
        for name, figure in figures:
            path = output / f"{name}.png"
            paths.append(path)
            process = _started(figure, path)
            if process is None:
                save(figure, path)
                continue
            pending.append(_Pending(figure=figure, path=path, process=process))
            if len(pending) >= core_count():
                pending.popleft().finish()
        while pending:
            pending.popleft().finish()
    finally:
        for unfinished in pending:
            unfinished.process.join()
    return paths


def _may_fork() -> bool:
    """Whether a copy of this process is safe: no other thread may hold a lock that it would need.

    Threads of TensorFlow are not among those that Python knows, and neither are those that macOS
    starts by itself. A daemon, as the processes of a pool are, may start none.
    """
    is_alone = threading.active_count() == 1 and "tensorflow" not in sys.modules
    may_start = sys.platform == "linux" and not multiprocessing.current_process().daemon
    return is_alone and may_start and core_count() > 1


def _started(figure: Figure, path: Path) -> BaseProcess | None:
    """Another process that writes a figure; None where this one is to write it."""
    if not _may_fork():
        return None
    process = multiprocessing.get_context("fork").Process(target=_save_or_fail, args=(figure, path))
    try:
        process.start()
    except OSError:  # there is no room for one more
        return None
    return process


def _save_or_fail(figure: Figure, path: Path) -> None:
    """Write a figure, or end without a word: the process that waits finds out why."""
    try:
        save(figure, path)
    except BaseException:
        os._exit(_FAILED)
