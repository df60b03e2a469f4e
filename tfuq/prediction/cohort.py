"""A cohort predicted into one folder: by this process beside others, or by tasks of an executor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from tfuq.data.cases import Case
from tfuq.data.events import CasePredicted, Event, Observer
from tfuq.errors import DataError
from tfuq.execution import Executor, Task
from tfuq.prediction.predictor import AnyPredictor
from tfuq.prediction.shared import Piece, SharedFolder
from tfuq.runs.finished import Finished

_log = logging.getLogger(__name__)
_MOST_NAMED = 5


class CasesFailedError(DataError):
    """Some cases cannot be predicted; the others are.

    Attributes:
        reasons: what is wrong with each, by its id.
    """

    def __init__(self, folder: Path, reasons: Mapping[str, str], total: int) -> None:
        """Put it into words.

        Args:
            folder: the predictions folder.
            reasons: what is wrong with each case, by its id.
            total: how many cases there are.
        """
        self.reasons = dict(reasons)
        super().__init__(_text(folder, self.reasons, total))


def _text(folder: Path, reasons: Mapping[str, str], total: int) -> str:
    if len(reasons) == 1:
        return next(iter(reasons.values()))
    named = ", ".join(list(reasons)[:_MOST_NAMED])
    if len(reasons) > _MOST_NAMED:
        named += f" and {len(reasons) - _MOST_NAMED} more"
    others = ""
    if len(reasons) < total:
        others = ", the others are"
    first = next(iter(reasons.values()))
    return (
        f"{folder}: {len(reasons)} of {total} cases cannot be predicted ({named}){others}; "
        f"mend what is wrong, and run the same command again; the first: {first}"
    )


def predict_beside_others(
    predictor: AnyPredictor, shared: SharedFolder, observer: Observer
) -> None:
    """Predict the cases that no other process predicts, until all are finished.

    Args:
        predictor: predicts the cases.
        shared: the folder, in which this process takes part.
        observer: is notified of each `CasePredicted`, of cases of other processes too.
    """
    pieces = shared.remaining(observer)
    while pieces:
        others: list[Piece] = []
        predictor.write_cases(shared.claimed(pieces, others), shared, observer)
        pieces = shared.await_others(others, observer)


def predict_by_tasks(
    predictor: AnyPredictor,
    cases: list[Case],
    shared: SharedFolder,
    executor: Executor,
    predict: Callable[..., object],
    devices: str | None,
    observer: Observer,
) -> None:
    """Predict a cohort by several tasks, which share its cases as they come.

    Args:
        predictor: predicts the cases.
        cases: the cohort.
        shared: the folder.
        executor: runs the tasks.
        predict: takes the run's folder, the request, the cases, the folder, and the devices.
        devices: as `tfuq.sampling.devices.use_device` takes them.
        observer: is notified of what happens in the tasks.

    Raises:
        PartDoneError: the executor does the work of one process among several, and that is done.
        TfuqError: tasks failed before all cases were finished.
    """
    pieces = shared.remaining(observer)
    count = executor.slices
    if executor.is_whole:
        count = min(count, len(pieces))
    arguments = (
        predictor.run.path.absolute(),
        predictor.request,
        cases,
        shared.folder.absolute(),
        devices,
    )
    tasks = []
    for index in range(count):
        name = f"share {index + 1} of {count} of {len(cases)} case(s)"
        tasks.append(Task(name=name, function=predict, arguments=arguments, is_done=not pieces))
    outcome = executor.run(tasks, observer)
    finished = shared.finished()
    if not all(finished.settled(case.id) for piece in pieces for case in piece.cases):
        outcome.require_done()


def refuse_failed(cases: list[Case], folder: Path, finished: Finished) -> None:
    """Tell of cases that cannot be predicted.

    Args:
        cases: those that were asked for.
        folder: the predictions folder.
        finished: what the lists of processes say.

    Raises:
        CasesFailedError: there is one.
    """
    reasons = {}
    for case in cases:
        if case.id in finished.failed:
            reasons[case.id] = finished.failed[case.id]
    if not reasons:
        return
    if len(reasons) > 1:
        for name, reason in reasons.items():
            _log.warning("warning: %s is not predicted: %s", name, reason)
    raise CasesFailedError(folder, reasons, len(cases))


class OwnCases:
    """An observer of one process among several that share a cohort.

    It passes on the cases that this process has predicted, and every other event. So who hears all
    of them hears of each case once.
    """

    def __init__(self, observer: Observer) -> None:
        """Take the observer that is notified."""
        self._observer = observer

    def notify(self, event: Event) -> None:
        """Pass an event on, unless it is of a case that was complete already."""
        if isinstance(event, CasePredicted) and event.seconds is None:
            return
        self._observer.notify(event)
