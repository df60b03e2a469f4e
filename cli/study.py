"""``tfuq study``."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import partial

import click

from tfuq import config as configuration
from tfuq_cli import options
from tfuq_cli.progress import say, show


@click.command("study", cls=options.Command)
@click.argument("study", shell_complete=options.complete_study)
@click.option("--out", type=options.PATH, help="Folder of its runs and its table.  [default: runs/studies/<name>]")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="How many cells run at once.")
@options.overwrite
@click.option("--dry-run", is_flag=True, help="List the cells and whether they are finished; run none.")
def command(study, out, jobs, overwrite, dry_run) -> None:
    """Train, predict and score every cell of STUDY's grid: a file, or the name of a study that comes with tfuq.

    Finished cells are kept when it is run again, and one that was stopped goes on. Ends in table.csv, table.md and figure.png.

    \b
    Example:
      tfuq study quickstart_training_size --dry-run
    """
    from tfuq.study import default_output, plan_study, run_study

    settings = configuration.load_study(study)
    folder = out or default_output(settings)
    if dry_run:
        for line in plan_study(settings, folder):
            show(line)
        show(f"{settings.cells} cells of {settings.config}, to run into {folder}; nothing was written")
        return
    with _processes() as running:
        execute = partial(_execute, running)
        table = run_study(settings, folder, execute=execute, jobs=jobs, say=say, overwrite=overwrite)
    show(table.markdown())
    show(f"{len(table.rows)} cells in {folder}: table.csv, table.md, figure.png")


@contextmanager
def _processes():
    """Yield the set of processes that run; none is left behind when the block ends, by a signal too."""
    running, usual = set(), signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield running
    finally:
        for process in list(running):
            process.terminate()
        signal.signal(signal.SIGTERM, usual)


def _execute(running, arguments, log) -> int:
    """One command of tfuq in a process of its own, what it says appended to ``log``; its exit code."""
    command = [sys.executable, "-m", "tfuq_cli", *arguments]
    with log.open("ab") as file, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file) as process:
        running.add(process)
        code = process.wait()
        running.remove(process)
    return code
