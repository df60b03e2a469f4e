"""What long work tells of its progress: events, and the observers that are notified of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Event:
    """Something that has happened; each kind of event is a class of its own."""


@dataclass(frozen=True, kw_only=True)
class EpochStep(Event):
    """A member has taken an optimization step.

    Attributes:
        member: The member's number, from 0 on.
        epoch: The epoch, from 0 on.
        step: The step of the epoch, from 0 on.
        figures: Means over the steps of the epoch so far, by name: ``loss`` and its terms.
    """

    member: int
    epoch: int
    step: int
    figures: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class EpochEnd(Event):
    """A member has finished an epoch, and was validated.

    Attributes:
        member: The member's number, from 0 on.
        epoch: The epoch, from 0 on.
        steps: How many steps the epoch had.
        figures: The row of ``history.csv``, whose ``epoch`` counts from 1 on.
    """

    member: int
    epoch: int
    steps: int
    figures: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class CasePredicted(Event):
    """A case is predicted.

    Attributes:
        case: The case's id.
        seconds: How long each stage took, by name; None where the case was complete already, or
            another process has predicted it.
    """

    case: str
    seconds: Mapping[str, float] | None


@dataclass(frozen=True, kw_only=True)
class CaseScored(Event):
    """A case is held against its reference.

    Attributes:
        case: The case's id.
    """

    case: str


@dataclass(frozen=True, kw_only=True)
class CaseReviewed(Event):
    """A case has its rows in a review.

    Attributes:
        case: The case's id.
    """

    case: str


@dataclass(frozen=True, kw_only=True)
class TableScored(Event):
    """All cases of a table are held against their references at once.

    Attributes:
        cases: How many there are.
    """

    cases: int


@dataclass(frozen=True, kw_only=True)
class CaseChecked(Event):
    """The files of a case are checked.

    Attributes:
        case: The case's id.
        problem: What is wrong; empty where the case is fit for use.
    """

    case: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class CasesSampled(Event):
    """Cases of a calibration are sampled.

    Attributes:
        done: How many cases are sampled so far.
        total: How many there are.
        description: What is done, in words.
    """

    done: int
    total: int
    description: str


@dataclass(frozen=True, kw_only=True)
class SeverityDone(Event):
    """A severity of a perturbation is measured.

    Attributes:
        method: How samples were drawn.
        severity: The severity, in the perturbation's own unit.
        scores: Scores by name, None where one is not defined; None for all of them where the
            severity was complete already.
    """

    method: str
    severity: float
    scores: Mapping[str, float | None] | None


@dataclass(frozen=True, kw_only=True)
class TaskEnded(Event):
    """A task of a command has ended.

    Attributes:
        task: What it does, in words.
        done: How many tasks have ended, this one included.
        total: How many there are.
        error: What went wrong; None where the task is done.
    """

    task: str
    done: int
    total: int
    error: str | None


@dataclass(frozen=True, kw_only=True)
class TaskLost(Event):
    """A task was lost with its process, or failed in its surroundings, and is tried again.

    Attributes:
        task: What it does, in words.
        reason: What happened.
        attempt: How often the task was tried so far.
        most: How often it is tried at most.
    """

    task: str
    reason: str
    attempt: int
    most: int


@dataclass(frozen=True, kw_only=True)
class ExportChecked(Event):
    """Something of an export was looked at, and is as it should be.

    Attributes:
        result: What was found, in words.
    """

    result: str


class Observer(Protocol):
    """Is notified of events while work is done.

    It is called in the thread that does the work, which goes on when it returns. An exception that
    it raises stops the work as ``KeyboardInterrupt`` does: what is finished is kept.
    """

    def notify(self, event: Event) -> None:
        """Take an event; events of kinds that are not of interest are passed over."""


class _Silent:
    """Passes over every event."""

    def notify(self, event: Event) -> None:
        """Do nothing."""


SILENT: Observer = _Silent()


class Observers:
    """Several observers as one."""

    def __init__(self, *observers: Observer) -> None:
        """Take the observers, in the order in which they are notified."""
        self._observers = observers

    def notify(self, event: Event) -> None:
        """Notify each of them."""
        for observer in self._observers:
            observer.notify(event)
