"""What a process does that runs tasks for another: it takes them, and reports on them."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

from tfuq.data.events import Event
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.errors import TfuqError
from tfuq.execution.shares import Share
from tfuq.execution.task import Task, TaskLostError

_LIBRARY = "tfuq"  # the logger above all of the library's
_LOUD = ("tensorflow", "absl")
_ENDED = 143  # as a shell has it of a process that SIGTERM ended
Report = Callable[[Event | logging.LogRecord], None]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a task has ended.

    Attributes:
        refusal: The error where the task cannot be done as things are; None else.
        failure: What happened where it failed in its surroundings, in words; None else.
    """

    refusal: TfuqError | None = None
    failure: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a process runs tasks.

    Attributes:
        level: Of the library's logger, from which on lines are reported.
        is_verbose: Whether libraries may write to the terminal.
    """

    level: int
    is_verbose: bool

    @classmethod
    def of_this_process(cls) -> Manner:
        """As this process has it."""
        return cls(
            level=logging.getLogger(_LIBRARY).getEffectiveLevel(),
            is_verbose=os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0",
        )


def serve(connection: Connection, share: Share, manner: Manner) -> None:
    """Run the tasks that come through a connection, until the process is ended.

    Args:
        connection: Of both directions. Pickled tasks come in. Events, records of logging and an
            `Ending` for each task go out.
        share: What this process may use of the machine.
        manner: How it runs tasks.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    share.apply()
    while True:
        content = connection.recv_bytes()
        connection.send(run_pickled(content, connection.send, manner))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(_ENDED)


def run_pickled(content: bytes, report: Report, manner: Manner) -> Ending:
    """Run a task; its errors are in what is returned.

    Args:
        content: The pickled task.
        report: Takes events, and records of logging.
        manner: How the task is run.
    """
    with _reported_lines(report, manner.level), _loudness(manner):
        try:
            task = _unpickled(content, manner)
            task.run(_Reporter(report))
        except TfuqError as error:
            return Ending(refusal=error)
        except TaskLostError as error:
            return Ending(failure=str(error))
        except Exception as error:
            text = " ".join(f"{type(error).__name__}: {error}".split())
            return Ending(failure=text)
        return Ending()


def _unpickled(content: bytes, manner: Manner) -> Task:
    """The task; what TensorFlow writes while it is imported is hidden."""
    silence: AbstractContextManager[None] = quiet_stderr()
    if manner.is_verbose:
        silence = nullcontext()
    with silence:
        task: Task = pickle.loads(content)
    return task


class _Reporter:
    """An observer that reports every event."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def notify(self, event: Event) -> None:
        self._report(event)


@contextmanager
def _loudness(manner: Manner) -> Iterator[None]:
    """Hide what libraries warn of, unless they may write to the terminal."""
    if manner.is_verbose:
        yield
        return
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _reported_lines(report: Report, level: int) -> Iterator[None]:
    """Report what the library's loggers say within the block, and show it nowhere else."""
    logger = logging.getLogger(_LIBRARY)
    earlier: dict[str, Any] = {"level": logger.level, "propagate": logger.propagate}
    handlers = list(logger.handlers)
    logger.handlers = [_ReportedLines(report)]
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.handlers = handlers
        logger.setLevel(earlier["level"])
        logger.propagate = earlier["propagate"]


class _ReportedLines(logging.Handler):
    """Reports each record as a text, since its arguments may be of any kind."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        self._report(logging.makeLogRecord({**_origin(record), "msg": text}))


def _origin(record: logging.LogRecord) -> dict[str, Any]:
    return {"name": record.name, "levelno": record.levelno, "levelname": record.levelname}


def show_report(message: Event | logging.LogRecord, notify: Callable[[Event], None]) -> None:
    """Pass on what a worker has reported.

    Args:
        message: An event, or a record of logging, which goes to the logger of its name here.
        notify: Takes events.
    """
    if isinstance(message, Event):
        notify(message)
        return
    logger = logging.getLogger(message.name)
    if logger.isEnabledFor(message.levelno):
        logger.handle(message)
