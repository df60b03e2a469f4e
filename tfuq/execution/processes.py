"""Tasks in several processes of this machine, each with its share of cores, a GPU and memory."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import cast

from tfuq.data.events import Observer
from tfuq.execution.base import Executor
from tfuq.execution.shares import Share, shares_of
from tfuq.execution.tally import Outcome, Tally
from tfuq.execution.task import Task
from tfuq.execution.worker import Ending, Manner, serve, show_report

# A process that starts anew has no TensorFlow yet, so that its share can be set.
_PROCESSES = multiprocessing.get_context("spawn")
_MOST_WAIT = 10.0  # seconds for a process to end that was told to


class Processes(Executor):
    """Runs tasks in processes of their own. One that dies is replaced.

    The processes end with this one, however it ends.
    """

    def __init__(self, count: int) -> None:
        """Choose the number.

        Args:
            count: How many processes run at once.
        """
        self._count = count

    @property
    def slices(self) -> int:
        """See `Executor.slices`. It is never 1, so that the work is not done in this process."""
        return max(self._count, 2)

    def _run_all(self, tasks: Sequence[Task], observer: Observer) -> Outcome:
        tally = Tally(tasks, observer)
        shares = shares_of(min(self._count, len(tasks)) or 1)
        lanes = [_Lane(share) for share in shares]
        waiting = deque(tasks)
        try:
            while _give(waiting, lanes):
                for lane in _ready(lanes):
                    lane.advance(waiting, tally, observer)
        finally:
            for lane in lanes:
                lane.end()
        return tally.outcome


def _give(waiting: deque[Task], lanes: Sequence[_Lane]) -> bool:
    """Give tasks to the lanes that have none; whether any lane is at work."""
    for lane in lanes:
        if lane.task is None and waiting:
            lane.begin(waiting.popleft())
    return any(lane.task for lane in lanes)


def _ready(lanes: Sequence[_Lane]) -> list[_Lane]:
    """The lanes at work that have something to say; waits until there is one."""
    busy = {lane.connection: lane for lane in lanes if lane.task}
    return [busy[connection] for connection in wait(list(busy)) if connection in busy]


@contextmanager
def _unreached_by_interrupts() -> Iterator[None]:
    """Let a process that starts within the block begin with SIGINT blocked.

    Else Ctrl-C would end it with a traceback, until it can ignore the signal. What is sent to this
    process within the block reaches it at the end.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    resource_tracker.ensure_running()  # which would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Lane:
    """One process after another with the same share, each taking over where the last one died.

    Attributes:
        task: What runs at this time; None between tasks.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self.task: Task | None = None

    @property
    def connection(self) -> Connection:
        return cast(Connection, self._connection)  # a task was begun

    def begin(self, task: Task) -> None:
        """Let the process run a task; start one where there is none."""
        if self._process is None:
            self._start()
        self.task = task
        with suppress(OSError):  # it has died meanwhile, which the next look at it tells
            self.connection.send_bytes(pickle.dumps(task))

    def _start(self) -> None:
        here, there = _PROCESSES.Pipe()
        process = _PROCESSES.Process(
            target=serve,
            args=(there, self._share, Manner.of_this_process()),
            name="tfuq task",
            daemon=False,
        )
        with _unreached_by_interrupts():
            process.start()
        there.close()  # so that the connection ends with the process
        self._process = process
        self._connection = here

    def advance(self, waiting: deque[Task], tally: Tally, observer: Observer) -> None:
        """Take what the process says next; a task that it loses waits again."""
        task = cast(Task, self.task)  # only what was begun says something
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self.task = None
            if tally.lost(task, self._death()):
                waiting.append(task)
            return
        if not isinstance(message, Ending):
            show_report(message, observer.notify)
            return
        self.task = None
        if message.refusal:
            tally.refused(task, message.refusal)
        elif message.failure is None:
            tally.done(task)
        elif tally.lost(task, message.failure):
            waiting.append(task)

    def _death(self) -> str:
        """How the process has ended, in words."""
        process = cast(multiprocessing.process.BaseProcess, self._process)
        process.join()
        code = process.exitcode or 0
        self._forget()
        if code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"

    def end(self) -> None:
        """End the process; what it was doing goes on in a later call."""
        process = self._process
        if process is None:
            return
        process.terminate()
        process.join(_MOST_WAIT)
        if process.is_alive():
            process.kill()
            process.join()
        self._forget()

    def _forget(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
        self._process = None
