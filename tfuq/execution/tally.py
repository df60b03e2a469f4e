"""Which tasks are done, which are tried again, and which have failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfuq.data.events import Observer, TaskEnded, TaskLost
from tfuq.errors import RunError, TfuqError
from tfuq.execution.task import Task

MOST_ATTEMPTS = 3
_NAMED = 5  # failures that a message names


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How tasks have ended.

    Attributes:
        total: How many there were.
        errors: What went wrong in those that failed, by the name of the task.
    """

    total: int
    errors: Mapping[str, TfuqError] = field(default_factory=dict)

    def require_done(self) -> None:
        """Refuse to go on where a task has failed.

        Raises:
            TfuqError: The error of the only task that failed, or one that names those that failed.
        """
        if len(self.errors) == 1:
            raise next(iter(self.errors.values()))
        if self.errors:
            texts = [f"{name}: {error}" for name, error in self.errors.items()]
            more = ""
            if len(texts) > _NAMED:
                more = f" | and {len(texts) - _NAMED} more"
            raise RunError(
                f"{len(texts)} of {self.total} tasks failed, the others are done: "
                f"{' | '.join(texts[:_NAMED])}{more}"
            )


class Tally:
    """Counts attempts and ends of tasks.

    It is used by one thread at a time.
    """

    def __init__(self, tasks: Sequence[Task], observer: Observer) -> None:
        """Begin to count.

        Args:
            tasks: The tasks.
            observer: Is notified of each `TaskEnded` and `TaskLost`.
        """
        self._total = len(tasks)
        self._observer = observer
        self._lost: dict[str, int] = {}
        self._ended = 0
        self._errors: dict[str, TfuqError] = {}

    @property
    def outcome(self) -> Outcome:
        """How the tasks have ended so far."""
        return Outcome(total=self._total, errors=self._errors)

    def done(self, task: Task) -> None:
        """Enter a task that is done."""
        self._end(task, None)

    def refused(self, task: Task, error: TfuqError) -> None:
        """Enter a task that cannot be done as things are; to try it again would change nothing."""
        self._errors[task.name] = error
        self._end(task, str(error))

    def lost(self, task: Task, reason: str) -> bool:
        """Enter a task whose process has died, or that failed for a reason of its surroundings.

        Args:
            task: The task.
            reason: What happened.

        Returns:
            Whether it is to be tried again.
        """
        attempts = self._lost.get(task.name, 0) + 1
        self._lost[task.name] = attempts
        if attempts < MOST_ATTEMPTS:
            self._observer.notify(
                TaskLost(task=task.name, reason=reason, attempt=attempts, most=MOST_ATTEMPTS)
            )
            return True
        self.refused(task, failed_often(task, reason))
        return False

    def _end(self, task: Task, error: str | None) -> None:
        self._ended += 1
        self._observer.notify(
            TaskEnded(task=task.name, done=self._ended, total=self._total, error=error)
        )


def failed_often(task: Task, reason: str) -> RunError:
    """The error of a task that failed as often as it may be tried."""
    return RunError(
        f"{task.name}: failed {MOST_ATTEMPTS} times, at last as {reason}; "
        "mend that, and run the same command again, which goes on with it"
    )
