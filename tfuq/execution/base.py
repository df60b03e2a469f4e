"""What every executor offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tfuq.data.events import Observer
from tfuq.execution.tally import Outcome
from tfuq.execution.task import Task


class Executor(ABC):
    """Runs tasks.

    Attributes:
        is_whole: Whether a call does all of the work. Else several calls share it, and none of them
            removes earlier results, or assembles what all have made.
    """

    is_whole = True

    @property
    @abstractmethod
    def slices(self) -> int:
        """Into how many tasks to cut work that can be cut anywhere."""

    def holding(self, folder: Path, doing: str) -> AbstractContextManager[None]:
        """Hold the folder that the tasks write to, as `tfuq.data.locks.exclusive` does.

        Args:
            folder: The folder.
            doing: What is done to it, for the message to another process.
        """
        # It brings NumPy, which takes a moment and no help needs.
        from tfuq.data.locks import exclusive

        return exclusive(folder, doing)

    def run(self, tasks: Sequence[Task], observer: Observer) -> Outcome:
        """Run the tasks that are not done yet.

        Args:
            tasks: The tasks, which do not depend on each other.
            observer: Is notified of the events of all tasks, one at a time, and of each
                `tfuq.data.events.TaskEnded` and `tfuq.data.events.TaskLost`.

        Returns:
            Which of them failed. The others are done.

        Raises:
            PartDoneError: The tasks that are this call's are done.
        """
        return self._run_all([task for task in tasks if not task.is_done], observer)

    @abstractmethod
    def _run_all(self, tasks: Sequence[Task], observer: Observer) -> Outcome:
        """Run tasks, none of which is done."""
