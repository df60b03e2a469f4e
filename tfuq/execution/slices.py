"""Cases cut into slices, each of which leaves a file; in the end the files are taken in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tfuq.data.cases import Case
from tfuq.data.events import Observer
from tfuq.data.removal import plan_removal
from tfuq.execution.base import Executor
from tfuq.execution.task import Task

_DIGITS = 32  # of the name of a file


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Cases that follow each other.

    Attributes:
        cases: The cases.
        path: The file of what a task has made of them.
    """

    cases: list[Case]
    path: Path


@dataclass(frozen=True, kw_only=True)
class SlicedWork:
    """Work on cases that is cut into slices.

    The cut does not depend on the executor. So what a call has made of a slice, before it was
    stopped or as its part of the work, serves the next call.

    Attributes:
        function: Takes the arguments, the cases of a slice and the path of its file, and writes it.
        arguments: What the function takes first.
        folder: Of the files. Nothing else is in it.
        suffix: Of the files.
        described: All that tells this work from other work on the same cases, as `json.dumps`
            takes it. Files are named by it.
    """

    function: Callable[..., object]
    arguments: tuple[Any, ...]
    folder: Path
    suffix: str
    described: Any

    @property
    def is_begun(self) -> bool:
        """Whether another call has left files."""
        return self.folder.is_dir()

    def cut(
        self, cases: Sequence[Case], size: int, identity: Callable[[Case], object]
    ) -> list[Slice]:
        """Cut cases into slices.

        Args:
            cases: The cases.
            size: Cases of a slice.
            identity: Tells a case with the state of its files from any other, as `json.dumps`
                takes it.
        """
        slices = []
        for start in range(0, len(cases), size):
            chosen = list(cases[start : start + size])
            known = [metadata.version("tfuq"), self.described, [identity(case) for case in chosen]]
            digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:_DIGITS]
            path = self.folder / f"{digest}{self.suffix}"
            slices.append(Slice(cases=chosen, path=path))
        return slices

    def run(
        self,
        slices: Sequence[Slice],
        executor: Executor,
        observer: Observer,
        take: Callable[[Slice], None],
    ) -> None:
        """Let the executor make the files, take all slices in their order, and remove the files.

        The caller holds the folder above.

        Args:
            slices: As `cut` gives them.
            executor: Where the tasks run. One that does all of it in this process makes no files.
            observer: Is notified of what happens in the tasks.
            take: Takes a slice: its file, or else its cases.

        Raises:
            PartDoneError: The tasks that are this call's are done.
            TfuqError: A task has failed; the files of the others are kept.
        """
        if executor.slices > 1:
            executor.run(self._tasks(slices), observer).require_done()
        for part in slices:
            take(part)
        plan_removal([self.folder]).carry_out()

    def _tasks(self, slices: Sequence[Slice]) -> list[Task]:
        tasks = []
        for number, part in enumerate(slices, start=1):
            task = Task(
                name=f"slice {number} of {len(slices)}, {len(part.cases)} case(s)",
                function=self.function,
                arguments=(*self.arguments, part.cases, part.path),
                is_done=part.path.is_file(),
            )
            tasks.append(task)
        return tasks
