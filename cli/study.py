"""``tfuq study``."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from tfuq import config as configuration
from tfuq.data.disk import open_log
from tfuq_cli import attended, options
from tfuq_cli.progress import show

_STOPPED = 143  # as a shell has it of a process that SIGTERM ended


@click.command("study", cls=options.Command)
@click.argument("study", shell_complete=options.complete_study)
@click.option(
    "--out",
    type=options.PATH,
    help="Folder of its runs and its table.  [default: runs/studies/<name>]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many cells run at once.",
)
@options.overwrite
@click.option(
    "--dry-run",
    is_flag=True,
    help="List the cells and whether they are finished; run none.",
)
def command(study: str, out: Path | None, jobs: int, overwrite: bool, dry_run: bool) -> None:
    """Train, predict and score every cell of STUDY's grid: a file, or the name of a study that
    comes with tfuq.

    Finished cells are kept when it is run again, and one that was stopped goes on. Ends in
    table.csv, table.md and figure.png.

    \b
    Example:
      tfuq study quickstart_training_size --dry-run
    """
    from tfuq.workflows.study import default_output, plan_study, run_study

    settings = configuration.load_study(study)
    folder = out or default_output(settings)
    if dry_run:
        for line in plan_study(settings, folder):
            show(line)
        show(
            f"{settings.cells} cells of {settings.config}, to run into {folder}; "
            "nothing was written"
        )
        return
    with _processes() as processes:
        table = run_study(
            settings,
            folder,
            execute=processes.run,
            jobs=jobs,
            overwrite=overwrite,
        )
    show(table.markdown())
    show(f"{len(table.rows)} cells in {folder}: table.csv, table.md, figure.png")


class Processes:
    """Commands of tfuq, each in a process of its own.

    They end when this process does, however it ends.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen] = set()
        self._has_ended = False
        self._lock = threading.Lock()

    def run(self, arguments: Sequence[str], log: Path) -> int:
        """Run a command to its end.

        Args:
            arguments: Of ``tfuq``.
            log: What the command says is appended to this file.

        Returns:
            Its exit code.
        """
        with open_log(log) as file:
            process = self._start([sys.executable, attended.__file__, *arguments], file)
            if process is None:
                return _STOPPED
            with process:
                # Standard input stays open until the process ends, as `wait` leaves it alone. With
                # `communicate` it would not.
                code = process.wait()
        self._running.discard(process)
        return code

    def _start(self, command: list[str], file: BinaryIO) -> subprocess.Popen | None:
        with self._lock:
            if self._has_ended:
                return None
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file, stderr=file)
            self._running.add(process)
        return process

    def end(self) -> None:
        """End those that run; no other begins."""
        with self._lock:
            self._has_ended = True
            for process in list(self._running):
                process.terminate()


@contextmanager
def _processes() -> Iterator[Processes]:
    """Yield what runs commands; none is left behind when the block ends, by a signal too."""
    processes = Processes()
    earlier_handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield processes
    finally:
        processes.end()
        signal.signal(signal.SIGTERM, earlier_handler)
