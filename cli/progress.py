"""Progress of long work: a live bar on a terminal, a line per epoch elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfuq.config import TASKS
from tfuq.data.readers.quiet import quiet_stderr
from tfuq.errors import printable

_QUALITIES = tuple(f"val_{TASKS[name].quality}" for name in TASKS)
_SHOWN = ("loss", "data_loss", "kl", "val_loss", *_QUALITIES)


def is_on(flag: str) -> bool:
    """Whether ``verbose`` or ``quiet`` was asked for."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().params.get(flag))


@contextmanager
def quiet_import():
    """Hide what TensorFlow writes while it is imported, before its own log level holds; -v shows it."""
    if is_on("verbose"):
        yield
        return
    with quiet_stderr():
        yield


class TrainingProgress:
    """Called on every step; shows loss, Dice and time left for the member in training."""

    def __init__(self, epochs: int):
        self._epochs, self._tasks, self._quality = epochs, {}, ""
        self._console = Console(stderr=True, quiet=is_on("quiet"))
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[logs]}"),
        )
        self._bar = Progress(*columns, console=self._console, disable=not sys.stderr.isatty())

    def __enter__(self):
        self._bar.start()
        return self

    def __exit__(self, *_):
        self._bar.stop()

    def __call__(self, member: int, epoch: int, step: int, logs: dict, steps: int = 0) -> None:
        is_epoch_end = "epoch" in logs
        if member not in self._tasks:
            self._tasks[member] = self._bar.add_task(f"member {member}", total=None, logs="")
        if is_epoch_end:
            self._end_epoch(member, epoch, step, logs)
        else:
            self._bar.update(self._tasks[member], advance=1, logs=f"loss {logs['loss']:.4f}{self._quality}")

    def _end_epoch(self, member: int, epoch: int, steps: int, logs: dict) -> None:
        self._quality = "".join(f"  {name} {logs[name]:.4f}" for name in _QUALITIES if name in logs)
        self._bar.update(self._tasks[member], total=self._epochs * steps, completed=(epoch + 1) * steps)
        shown = "  ".join(f"{name} {logs[name]:.4f}" for name in _SHOWN if name in logs and (name != "kl" or logs[name]))
        line = f"member {member}  epoch {epoch + 1}/{self._epochs}  {shown}  {logs['seconds']:.0f} s"
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)


def echo_plan(plan: dict[str, str]) -> None:
    """What a dry run found, a line each."""
    for name, text in plan.items():
        show(f"{name}: {text}")
    show("dry run: nothing was written")


def show(text: str) -> None:
    """A result, on stdout, in lines; names in it may hold control characters, which are written out."""
    click.echo("\n".join(map(printable, text.split("\n"))))


def say(text: str) -> None:
    """A line of progress, on stderr: stdout is for results."""
    if not is_on("quiet"):
        click.echo(printable(text), err=True)
