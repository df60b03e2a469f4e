"""A task: a function of paths that another process, or another machine, can run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfuq.data.events import Observer


@dataclass(frozen=True, kw_only=True)
class Task:
    """A part of a command's work.

    Attributes:
        name: What it does, in words, unique among the tasks of a command.
        function: A function of a module. It is called with the arguments, and with ``observer``.
            To call it again changes nothing that is finished, and goes on with what is not.
        arguments: Paths, numbers, texts and records of them, which can be pickled.
        is_done: Whether it was done before. It is not run then, but is counted where several
            processes share the tasks by their numbers.
    """

    name: str
    function: Callable[..., object]
    arguments: tuple[Any, ...] = ()
    is_done: bool = False

    def run(self, observer: Observer) -> None:
        """Do it.

        Args:
            observer: Is notified of what happens in the task.
        """
        self.function(*self.arguments, observer=observer)


class PartDoneError(Exception):
    """A process has done its own share of the tasks, and other processes do the others.

    So the command ends here: what it makes of all tasks together is left to a later call.
    """


class TaskLostError(Exception):
    """A task failed for a reason of its surroundings, such as a process that was killed.

    So it may be tried again.
    """
