"""``tfuq study``."""

from __future__ import annotations

import subprocess
import sys

import click

from tfuq import config as configuration
from tfuq_cli import options
from tfuq_cli.progress import say


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
            click.echo(line)
        click.echo(f"{settings.cells} cells of {settings.config}, to run into {folder}; nothing was written")
        return
    table = run_study(settings, folder, execute=_execute, jobs=jobs, say=say, overwrite=overwrite)
    click.echo(table.markdown())
    click.echo(f"{len(table.rows)} cells in {folder}: table.csv, table.md, figure.png")


def _execute(arguments, log) -> int:
    """One command of tfuq in a process of its own, what it says appended to ``log``."""
    with log.open("ab") as file:
        command = [sys.executable, "-m", "tfuq_cli", *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False).returncode
