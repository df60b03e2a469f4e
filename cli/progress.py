"""Progress of long work: a live bar on a terminal, a line per epoch elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from tfuq.config import TASKS
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.errors import printable

_QUALITIES = tuple(f"val_{TASKS[name].quality}" for name in TASKS)
_FIGURES = ("loss", "data_loss", "kl", "val_loss", *_QUALITIES)


def is_on(flag: str) -> bool:
    """Whether ``verbose`` or ``quiet`` was asked for."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().params.get(flag))


@contextmanager
def quiet_import() -> Iterator[None]:
    """Hide what TensorFlow writes while it is imported, before its own log level holds.

    ``tfuq -v`` shows it.
    """
    if is_on("verbose"):
        yield
        return
    with quiet_stderr():
        yield


class TrainingProgress:
    """Is called on every step; shows loss, quality and time left of the member in training."""

    def __init__(self, epochs: int) -> None:
        """Make the bar.

        Args:
            epochs: How many epochs a member is trained.
        """
        self._epochs = epochs
        self._tasks: dict[int, TaskID] = {}
        self._quality = ""
        self._console = Console(stderr=True, quiet=is_on("quiet"))
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[logs]}"),
        )
        is_hidden = not sys.stderr.isatty()
        self._bar = Progress(*columns, console=self._console, disable=is_hidden)

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, member: int, epoch: int, step: int, logs: dict[str, Any]) -> None:
        """Show a step, or an epoch that has ended.

        Args:
            member: The member.
            epoch: The epoch, from 0 on.
            step: The step of the epoch; at its end, how many steps it had.
            logs: Figures by name, with ``epoch`` where they are of a whole epoch.
        """
        if member not in self._tasks:
            self._tasks[member] = self._bar.add_task(f"member {member}", total=None, logs="")
        if "epoch" in logs:
            self._end_epoch(member, epoch, step, logs)
        else:
            text = f"loss {logs['loss']:.4f}{self._quality}"
            self._bar.update(self._tasks[member], advance=1, logs=text)

    def _end_epoch(self, member: int, epoch: int, steps: int, logs: dict[str, Any]) -> None:
        qualities = _described(logs, _QUALITIES)
        self._quality = "".join(f"  {quality}" for quality in qualities)
        task = self._tasks[member]
        self._bar.update(task, total=self._epochs * steps, completed=(epoch + 1) * steps)
        figures = "  ".join(_described(logs, _FIGURES))
        seconds = f"{logs['seconds']:.0f} s"
        line = f"member {member}  epoch {epoch + 1}/{self._epochs}  {figures}  {seconds}"
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)


def _described(logs: dict[str, Any], names: tuple[str, ...]) -> list[str]:
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
