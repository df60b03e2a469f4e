"""What the command line shows: results, and events of long work as lines or as a live bar."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import singledispatchmethod
from typing import TYPE_CHECKING

import click

from tfuq.config import TASKS
from tfuq.data.events import (
    CaseChecked,
    CasePredicted,
    CaseScored,
    EpochEnd,
    EpochStep,
    Event,
    ExportChecked,
    TableScored,
    TaskEnded,
    TaskLost,
)
from tfuq.errors import printable

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, TaskID

_QUALITIES = tuple(f"val_{TASKS[name].quality}" for name in TASKS)
_MANY_OBJECTS = 50_000  # between two collections of garbage; Python's own number is 700
_FIGURES = ("loss", "data_loss", "kl", "penalty", "val_loss", *_QUALITIES)


def shell_line(*words: object) -> str:
    """A command of tfuq as a shell takes it, with quotes about what needs them.

    Args:
        words: the command's name, its arguments and options.
    """
    return shlex.join(["tfuq", *map(str, words)])


def is_on(flag: str) -> bool:
    """Whether ``verbose`` or ``quiet`` was asked for."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().params.get(flag))


@contextmanager
def quiet_import() -> Iterator[None]:
    """Import TensorFlow within the block: quietly, and without collecting garbage.

    What it writes before its own log level holds is hidden; ``tfuq -v`` shows it.
    """
    with first_import("tensorflow"):
        if is_on("verbose"):
            yield
            return
        from tfuq.data.readers.quiet import quiet_stderr

        with quiet_stderr():
            yield


@contextmanager
def first_import(library: str) -> Iterator[None]:
    """Collect no garbage while a library is imported for the first time, nor in its modules later.

    Modules live until the end. Those of TensorFlow have half a million objects, and the collector
    would go through all of them again and again.

    Args:
        library: Its name. Where it is imported already, nothing changes.
    """
    if library in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def without_pydicom() -> Iterator[None]:
    """Let nibabel, where it is first imported within the block, do without pydicom.

    nibabel imports it for DICOM headers within NIfTI files, which tfuq does not read, and that
    takes longer than the rest of nibabel. Readers of DICOM import pydicom later, as ever.
    """
    if "pydicom" in sys.modules:
        yield
        return
    sys.modules["pydicom"] = None  # type: ignore[assignment]  # so that its import fails
    try:
        yield
    finally:
        del sys.modules["pydicom"]


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage seldom: figures have many small objects, most of which live to the end."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_MANY_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class EventLines:
    """An observer that writes events of cases and exports, a line each."""

    @singledispatchmethod
    def notify(self, event: Event) -> None:
        """Pass over an event of another kind."""

    @notify.register
    def _(self, event: CasePredicted) -> None:
        if event.seconds is None:
            say(f"{event.case}: already complete")
            return
        line = f"{event.case}: {sum(event.seconds.values()):.2f} s"
        if is_on("verbose"):
            stages = ", ".join(f"{stage} {value:.2f} s" for stage, value in event.seconds.items())
            line += f" ({stages})"
        say(line)

    @notify.register
    def _(self, event: CaseScored) -> None:
        say(f"scored {event.case}")

    @notify.register
    def _(self, event: TableScored) -> None:
        say(f"scored {event.cases} cases")

    @notify.register
    def _(self, event: CaseChecked) -> None:
        say(f"checked {event.case}")

    @notify.register
    def _(self, event: ExportChecked) -> None:
        show(printable(event.result))  # that is a result


class TaskLines:
    """An observer that writes how far the tasks of a command have come, where it has several."""

    @singledispatchmethod
    def notify(self, event: Event) -> None:
        """Pass over an event of another kind."""

    @notify.register
    def _(self, event: TaskEnded) -> None:
        if event.total > 1:
            say(f"{event.done}/{event.total} {event.task}: {event.error or 'done'}")

    @notify.register
    def _(self, event: TaskLost) -> None:
        say(f"{event.task}: {event.reason}; it goes on, attempt {event.attempt + 1}/{event.most}")


class TrainingProgress:
    """An observer that shows loss, quality and time left of the member in training."""

    def __init__(self, epochs: int) -> None:
        """Make the bar.

        Args:
            epochs: How many epochs a member is trained.
        """
        from rich.console import Console
        from rich.progress import Progress

        self._epochs = epochs
        self._tasks: dict[int, TaskID] = {}
        self._quality = ""
        self._console = Console(stderr=True, quiet=is_on("quiet"))
        is_hidden = not sys.stderr.isatty()
        self._bar = Progress(*_bar_columns(), console=self._console, disable=is_hidden)

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    @singledispatchmethod
    def notify(self, event: Event) -> None:
        """Pass over an event of another kind."""

    @notify.register
    def _(self, event: EpochStep) -> None:
        text = f"loss {event.figures['loss']:.4f}{self._quality}"
        self._bar.update(self._task(event.member), advance=1, logs=text)

    @notify.register
    def _(self, event: EpochEnd) -> None:
        qualities = _described(event.figures, _QUALITIES)
        self._quality = "".join(f"  {quality}" for quality in qualities)
        self._bar.update(
            self._task(event.member),
            total=self._epochs * event.steps,
            completed=(event.epoch + 1) * event.steps,
        )
        head = f"member {event.member}  epoch {event.epoch + 1}/{self._epochs}"
        figures = "  ".join(_described(event.figures, _FIGURES))
        line = f"{head}  {figures}  {event.figures['seconds']:.0f} s"
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def _task(self, member: int) -> TaskID:
        """The member's line of the bar."""
        if member not in self._tasks:
            self._tasks[member] = self._bar.add_task(f"member {member}", total=None, logs="")
        return self._tasks[member]


def _bar_columns() -> list[ProgressColumn]:
    from rich import progress

    return [
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[logs]}"),
    ]


def _described(logs: Mapping[str, float], names: tuple[str, ...]) -> list[str]:
    """Figures with their names; a KL divergence of 0 is left out, as of a network without one."""
    described = []
    for name in names:
        is_left_out = name == "kl" and not logs.get(name)
        if name in logs and not is_left_out:
            described.append(f"{name} {logs[name]:.4f}")
    return described


def echo_plan(plan: dict[str, str]) -> None:
    """Show the result of a dry run, a line for each entry."""
    for name, text in plan.items():
        show(f"{name}: {text}")
    show("dry run: nothing was written")


def show(text: str) -> None:
    """Write a result on stdout.

    Args:
        text: Lines. Names in it may hold control characters, which are written out.
    """
    click.echo("\n".join(map(printable, text.split("\n"))))


def say(text: str) -> None:
    """Write a line of progress on stderr, as stdout is for results."""
    if not is_on("quiet"):
        click.echo(printable(text), err=True)
