"""The cases of a predictions folder cut into slices, which several processes score.

Each slice leaves a file of what was gathered of its cases. In the end the files are read in the
order of the cases, so that nothing tells who has scored what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfuq.data.cases import Case
from tfuq.data.events import Observer
from tfuq.data.removal import plan_removal
from tfuq.execution import Executor, Task
from tfuq.runs.provenance import tfuq_version
from tfuq.scoring.evaluation.case_scores import CaseScoring
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.outputs import default_output

_SLICES = ".slices"
_COUNT = 64  # slices that a folder is cut into, so that many processes have work
_MOST_CASES = 100  # of a slice, so that little is done again where a process is killed


@dataclass(frozen=True, kw_only=True)
class _Slice:
    """Cases that are scored together.

    Attributes:
        scoring: how they are scored.
        cases: with references.
        path: of the file of what was gathered. Its name tells what was scored, and how.
    """

    scoring: CaseScoring
    cases: list[Case]
    path: Path

    def gathered(self, observer: Observer) -> Gathered:
        """What there is of the cases: read from the file, or scored here where there is none."""
        if self.path.is_file():
            return Gathered.read(self.path)
        return self.scoring.gather(self.cases, observer)


def gather(
    scoring: CaseScoring, cases: Sequence[Case], executor: Executor, observer: Observer
) -> Gathered:
    """Score cases, where the executor has it; what a stopped call has left is not done again.

    Args:
        scoring: how they are scored.
        cases: with references.
        executor: where they are scored.
        observer: is notified of each `CaseScored`.

    Raises:
        PartDoneError: the cases that are this call's are scored, and others are not its own.
        RunError: a damaged table, or another process scores the folder.
        DataError: a reference or a map is missing or does not fit.
    """
    output = default_output(scoring.folder)
    folder = output / _SLICES
    is_shared = executor.slices > 1
    if not is_shared and not folder.is_dir():
        return scoring.gather(cases, observer)
    slices = _cut(scoring, cases, folder)
    gathered = Gathered()
    with executor.holding(output, "scoring into"):
        if is_shared:
            executor.run(_tasks(slices), observer).require_done()
        for part in slices:
            gathered.extend(part.gathered(observer))
        plan_removal([folder]).carry_out()
    return gathered


def _cut(scoring: CaseScoring, cases: Sequence[Case], folder: Path) -> list[_Slice]:
    """Cut cases into slices, in the same way whatever process does it."""
    size = min(max(len(cases) // _COUNT, 1), _MOST_CASES)
    slices = []
    for start in range(0, len(cases), size):
        chosen = list(cases[start : start + size])
        path = folder / f"{_digest(scoring, chosen)}.json"
        slices.append(_Slice(scoring=scoring, cases=chosen, path=path))
    return slices


def _digest(scoring: CaseScoring, cases: Sequence[Case]) -> str:
    """Letters and digits that change with what is scored, and with how."""
    described = [
        tfuq_version(),
        scoring.config.dump(),
        list(scoring.maps),
        scoring.is_calibrated,
        scoring.has_penalty,
        [_described(case, scoring.folder / case.id) for case in cases],
    ]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:32]


def _described(case: Case, folder: Path) -> list[Any]:
    """The case, with the size and time of its reference and of its prediction."""
    paths = [folder / "label.nii.gz", *case.raters.values()]
    if case.label:
        paths.append(case.label)
    described: list[Any] = [case.id]
    for path in paths:
        if path.exists():
            state = path.stat()
            described.append([path.name, state.st_size, state.st_mtime_ns])
    return described


def _tasks(slices: Sequence[_Slice]) -> list[Task]:
    tasks = []
    for number, part in enumerate(slices, start=1):
        task = Task(
            name=f"slice {number} of {len(slices)}, {len(part.cases)} case(s)",
            function=score_slice,
            arguments=(part,),
            is_done=part.path.is_file(),
        )
        tasks.append(task)
    return tasks


def score_slice(part: _Slice, *, observer: Observer) -> None:
    """Score a slice of the cases, and write what was gathered to its file.

    Args:
        part: the slice.
        observer: is notified of each `CaseScored`.
    """
    part.scoring.gather(part.cases, observer).write(part.path)
