"""The cases of a predictions folder in slices, which several processes score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.events import Observer
from tfuq.execution import Executor
from tfuq.execution.slices import Slice, SlicedWork
from tfuq.scoring.evaluation.case_scores import CaseScoring
from tfuq.scoring.evaluation.gathered import Gathered
from tfuq.scoring.evaluation.outputs import default_output

_SLICES = ".slices"
_COUNT = 64  # slices that a folder is cut into, so that many processes have work
_MOST_CASES = 100  # of a slice, so that little is done again where a process is killed


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
    work = SlicedWork(
        function=score_slice,
        arguments=(scoring,),
        folder=output / _SLICES,
        suffix=".json",
        described=scoring.described(),
    )
    if executor.slices == 1 and not work.is_begun:
        return scoring.gather(cases, observer)
    gathered = Gathered()

    def take(part: Slice) -> None:
        if part.path.is_file():
            gathered.extend(Gathered.read(part.path))
        else:
            gathered.extend(scoring.gather(part.cases, observer))

    size = min(max(len(cases) // _COUNT, 1), _MOST_CASES)
    with executor.holding(output, "scoring into"):
        work.run(work.cut(cases, size, scoring.identity), executor, observer, take)
    return gathered


def score_slice(
    scoring: CaseScoring, cases: Sequence[Case], path: Path, *, observer: Observer
) -> None:
    """Score cases, and write what was gathered to a file.

    Args:
        scoring: how they are scored.
        cases: with references.
        path: of the file.
        observer: is notified of each `CaseScored`.
    """
    scoring.gather(cases, observer).write(path)
