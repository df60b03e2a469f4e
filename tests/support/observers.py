"""Observers for tests: one that keeps what it is told, and some that stop the work."""

from __future__ import annotations

from dataclasses import dataclass, field

from tfuq.data.events import CasePredicted, EpochStep, Event


@dataclass
class Recorder:
    """Keeps every event, in order."""

    events: list[Event] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        self.events.append(event)


@dataclass(frozen=True)
class Stop:
    """Stops a training after a step of an epoch, as Ctrl-C would."""

    epoch: int
    step: int

    def notify(self, event: Event) -> None:
        if isinstance(event, EpochStep) and (event.epoch, event.step) == (self.epoch, self.step):
            raise KeyboardInterrupt


@dataclass
class StopAtCase:
    """Stops a prediction at the given case, counted from 1, as Ctrl-C would."""

    count: int
    cases: list[str] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        if isinstance(event, CasePredicted):
            self.cases.append(event.case)
            if len(self.cases) == self.count:
                raise KeyboardInterrupt
