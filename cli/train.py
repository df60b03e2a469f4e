"""``tfuq train``."""

from __future__ import annotations

from pathlib import Path

import click

from tfuq import config as configuration
from tfuq.runs import RUNS
from tfuq_cli import options
from tfuq_cli.progress import TrainingProgress, say


@click.command("train")
@click.argument("config", default="quickstart")
@options.method("What to train for; the configuration's own method if not given.")
@options.override
@click.option("--run", "path", type=options.PATH, help="Run folder.  [default: runs/<config name>/<method>]")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@options.overwrite
@click.option("--member", type=click.IntRange(min=0), help="Train only this member of an ensemble.")
@click.option("--devices", metavar="cpu:N|gpu:0,1|all", help="Devices to train on.  [default: all GPUs, else the CPU]")
def command(config, method, overrides, path, resume, overwrite, member, devices) -> None:
    """Train a run from CONFIG: a file, or the name of a configuration that comes with tfuq; by default a phantom.

    \b
    Example:
      tfuq train hippocampus --method hybrid -o ensemble.members=3
    """
    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other: go on with the run, or replace it")
    overrides += (f"method={method}",) if method else ()
    settings = configuration.load(config, overrides)
    path = path or Path(RUNS, settings.name, settings.method)
    from tfuq.training import train

    with TrainingProgress(settings.training.epochs) as progress:
        run = train(
            settings, path, on_step=progress, say=say, devices=devices, overwrite=overwrite, resume=resume, member=member
        )
    done = len(run.finished_members)
    click.echo(f"{done} of {settings.members} member(s) trained in {run.path}; next: tfuq predict {run.path}")
