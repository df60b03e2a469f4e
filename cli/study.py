"""``tfuq study``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tfuq import config as configuration
from tfuq.execution import Executor
from tfuq_cli import attended, completion, options
from tfuq_cli.progress import TaskLines, show


def _refuse_jobs(context: click.Context, parameter: click.Parameter, jobs: int | None) -> None:
    if jobs is not None:
        raise click.BadParameter(f"has become --execute processes:{jobs}; write that")


@click.command("study", cls=options.Command)
@click.argument("study", shell_complete=completion.complete_study)
@click.option(
    "--out",
    type=options.PATH,
    help="Folder of its runs and its table.  [default: runs/studies/<name>]",
)
@click.option("--jobs", type=int, hidden=True, expose_value=False, callback=_refuse_jobs)
@options.execute
@options.overwrite
@click.option(
    "--dry-run",
    is_flag=True,
    help="List the cells and whether they are finished; run none.",
)
def command(
    study: str, out: Path | None, executor: Executor, overwrite: bool, dry_run: bool
) -> None:
    """Train, predict and score every cell of STUDY's grid: a file, or the name of a study that
    comes with tfuq.

    Finished cells are kept when it is run again, and one that was stopped goes on. Ends in
    table.csv, table.md and figure.png, and in means.csv and means.md where it repeats others.

    \b
    Example:
      tfuq study quickstart_training_size --dry-run
    """
    from tfuq.workflows.study import default_output, means_of, plan_study, run_study

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
    table = run_study(
        settings,
        folder,
        program=(sys.executable, attended.__file__),
        executor=executor,
        observer=TaskLines(),
        overwrite=overwrite,
    )
    show(table.markdown())
    names = "table.csv, table.md, figure.png"
    means = means_of(settings, table)
    if means:
        show(means.markdown())
        names += ", means.csv, means.md"
    show(f"{len(table.rows)} cells in {folder}: {names}")
