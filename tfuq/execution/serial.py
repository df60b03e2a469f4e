"""Tasks in this process, one after another: all of them, or the share of one process of many."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tfuq.data.events import Observer
from tfuq.data.ledger import add_entries
from tfuq.errors import TfuqError
from tfuq.execution.base import Executor
from tfuq.execution.tally import Outcome, Tally
from tfuq.execution.task import PartDoneError, Task, TaskLostError

_NAMED = 5  # tasks that a message names
_PARTS = ".parts"  # folder of the locks of processes that share the work


class Serial(Executor):
    """Runs every task in this process."""

    @property
    def slices(self) -> int:
        """See `Executor.slices`."""
        return 1

    def _run_all(self, tasks: Sequence[Task], observer: Observer) -> Outcome:
        """See `Executor.run`. An error of any other kind ends the command at once."""
        tally = Tally(tasks, observer)
        for task in tasks:
            while not _has_ended(task, tally, observer):
                pass
        return tally.outcome


def _has_ended(task: Task, tally: Tally, observer: Observer) -> bool:
    """Try a task; whether it is not to be tried again."""
    try:
        task.run(observer)
    except TfuqError as error:
        tally.refused(task, error)
        return True
    except TaskLostError as error:
        return not tally.lost(task, str(error))
    tally.done(task)
    return True


class Part(Serial):
    """Runs the tasks of one process among several that know nothing of each other.

    So the jobs of an array share the work of a command: each is given its number. All of them cut
    the work in the same way.
    """

    is_whole = False

    def __init__(self, index: int, count: int) -> None:
        """Take a share.

        Args:
            index: The number of this process, from 0 on.
            count: How many processes there are.
        """
        self._index = index
        self._count = count

    @property
    def slices(self) -> int:
        """See `Executor.slices`. It is never 1, as what one slice makes needs no assembling."""
        return max(self._count, 2)

    def holding(self, folder: Path, doing: str) -> AbstractContextManager[None]:
        """Hold the share of the folder; the other processes hold theirs."""
        # These bring NumPy, which takes a moment and no help needs.
        from tfuq.data.locks import exclusive
        from tfuq.data.writers import make_folder

        path = folder / _PARTS / f"{self._index}-of-{self._count}"
        make_folder(path)
        for owned in (path.parent, path):  # so that they are removed with the folder
            add_entries(owned, [])
        return exclusive(path, doing)

    def run(self, tasks: Sequence[Task], observer: Observer) -> Outcome:
        """See `Executor.run`."""
        share = tasks[self._index :: self._count]
        super().run(share, observer).require_done()
        names = ", ".join(task.name for task in share[:_NAMED]) or "no task"
        if len(share) > _NAMED:
            names += f", and {len(share) - _NAMED} more"
        raise PartDoneError(
            f"part {self._index} of {self._count} is done ({names}); when all parts are, "
            "run the same command with --execute serial, which assembles them"
        )
