"""``tfuq train``."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from tfuq import config as configuration
from tfuq.runs import RUNS
from tfuq_cli import options
from tfuq_cli.progress import TrainingProgress, echo_plan, quiet_import, say, show


@click.command("train", cls=options.Command)
@click.argument("config", default="quickstart", shell_complete=options.complete_config)
@options.method("What to train for; the configuration's own method if not given.")
@options.override
@click.option("--run", type=options.PATH, help="Run folder.  [default: runs/<config name>/<method>]")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@options.overwrite
@click.option("--member", type=click.IntRange(min=0), help="Train only this member of an ensemble.")
@click.option("--devices", metavar="cpu:N|gpu:0,1|all", help="Devices to train on.  [default: all GPUs, else the CPU]")
@click.option("--tensorboard", is_flag=True, help="Write each epoch's scalars to RUN/tensorboard/<member>.")
@options.dry_run
def command(config, method, override, run, resume, overwrite, member, devices, tensorboard, dry_run) -> None:
    """Train a run from CONFIG: a file, or the name of a configuration that comes with tfuq; by default a phantom.

    \b
    Example:
      tfuq train quickstart --method vi -o training.epochs=12
    """
    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other: go on with the run, or replace it")
    settings = configuration.load(config, override + ((f"method={method}",) if method else ()))
    path = run or Path(RUNS, settings.name, settings.method)
    how = {"devices": devices, "overwrite": overwrite, "resume": resume, "member": member}
    if dry_run:
        with quiet_import():
            from tfuq.dry_run import plan_training
        echo_plan(plan_training(settings, path, **how))
    else:
        _train(settings, path, how, tensorboard)


def _train(settings, path, how, tensorboard) -> None:
    with quiet_import():
        from tfuq.training import train
        from tfuq.training.tensorboard import TensorBoardLog
    log = TensorBoardLog(path / "tensorboard") if tensorboard else nullcontext(lambda *_: None)
    with TrainingProgress(settings.training.epochs) as progress, log as record:

        def on_step(*event):
            progress(*event)
            record(*event)

        run = train(settings, path, on_step=on_step, say=say, **how)
    done = len(run.finished_members)
    show(f"{done} of {settings.members} member(s) trained in {run.path}; next: tfuq predict {run.path}")
