"""``tfuq train``."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import click

from tfuq import config as configuration
from tfuq.config import Config, fold_overrides
from tfuq.data.events import SILENT, Observer, Observers
from tfuq.execution import Executor
from tfuq_cli import completion, options
from tfuq_cli.planned import DEFAULT_DURATION, planned_folder
from tfuq_cli.progress import TaskLines, TrainingProgress, echo_plan, quiet_import, shell_line, show


class _Members(NamedTuple):
    """Which members are trained.

    Attributes:
        member: The number of the only one.
        folds: How many there are, each without another fold.
        fold: The number of the only one of these.
    """

    member: int | None
    folds: int | None
    fold: int | None

    def require_one_name(self) -> None:
        """Refuse a fold that is not there, or that is a member's number as well."""
        if self.fold is None:
            return
        if self.folds is None:
            raise click.UsageError("--fold needs --folds, the number of all folds, as in --folds 5")
        if self.fold >= self.folds:
            raise click.UsageError(
                f"--fold {self.fold}: --folds {self.folds} has folds 0 to {self.folds - 1}"
            )
        if self.member is not None:
            raise click.UsageError("--fold and --member both name a member; leave out one of both")

    @property
    def only(self) -> int | None:
        """The number of the only member; None where all are trained."""
        if self.fold is not None:
            return self.fold
        return self.member


_members = options.together(
    "members",
    _Members,
    click.option(
        "--member",
        type=click.IntRange(min=0),
        help="Train only this member of an ensemble.",
    ),
    click.option(
        "--folds",
        type=click.IntRange(min=2),
        help=(
            "Train as many members, each without another fold of the training and validation "
            "cases, on which it validates. deterministic becomes ensemble, and mc-dropout hybrid."
        ),
    ),
    click.option("--fold", type=click.IntRange(min=0), help="Of --folds: train this one alone."),
)


@click.command("train", cls=options.Command)
@click.argument("config", default="quickstart", shell_complete=completion.complete_config)
@options.method("What to train for; the configuration's own method if not given.")
@options.override
@click.option(
    "--run",
    type=options.PATH,
    help="Run folder.  [default: runs/<config name>/<method>]",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@options.overwrite
@_members
@click.option(
    "--devices",
    metavar="cpu:N|gpu:0,1|all|workers",
    help="Devices to train on; workers: those of every process of a job that Slurm or TF_CONFIG "
    "describes.  [default: all GPUs, else the CPU]",
)
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Write each epoch's scalars to RUN/tensorboard/<member>.",
)
@click.option(
    "--time",
    help="Of a folder of data: that its training may take, as of tfuq plan.  [default: 1h]",
)
@options.execute
@options.dry_run
def command(
    config: str,
    method: str | None,
    override: tuple[str, ...],
    run: Path | None,
    resume: bool,
    overwrite: bool,
    members: _Members,
    devices: str | None,
    tensorboard: bool,
    time: str | None,
    executor: Executor,
    dry_run: bool,
) -> None:
    """Train a run from CONFIG: a file, or the name of a configuration that comes with tfuq; by
    default a phantom.

    CONFIG may be a folder of data, too: tfuq init and tfuq plan then write a configuration for it
    first.

    \b
    Example:
      tfuq train quickstart --method vi -o training.epochs=12
      tfuq train quickstart --method hybrid --resume --execute processes:2
      tfuq train quickstart --folds 2 --run runs/folds
    """
    from tfuq.runs import RUNS

    if resume and overwrite:
        raise click.UsageError(
            "--resume and --overwrite exclude each other: go on with the run, or replace it"
        )
    members.require_one_name()
    if os.path.isdir(config):
        config = _planned_by_folder(config, method, time, members.folds, dry_run)
    elif time is not None:
        raise click.UsageError("--time serves a folder of data; for a file, see tfuq plan --time")
    overrides = list(override)
    if method:
        overrides.append(f"method={method}")
    if members.folds:
        method = method or configuration.load(config, tuple(overrides)).method
        overrides += fold_overrides(method, members.folds)
    settings = configuration.load(config, tuple(overrides))
    path = run or Path(RUNS, settings.name, settings.method)
    choices: dict[str, Any] = {
        "devices": devices,
        "overwrite": overwrite,
        "resume": resume,
        "member": members.only,
    }
    if dry_run:
        with quiet_import():
            from tfuq.workflows.dry_run import plan_training
        echo_plan(plan_training(settings, path, **choices))
    else:
        choices["executor"] = executor
        _train(settings, path, choices, tensorboard)


def _planned_by_folder(
    folder: str, method: str | None, duration: str | None, folds: int | None, dry_run: bool
) -> str:
    """Write the planned configuration of a folder of data; its file."""
    if dry_run:
        raise click.UsageError(
            "--dry-run writes nothing, and a folder of data needs a configuration; write one by "
            "tfuq init, and tfuq plan says what its training takes"
        )
    duration = duration or DEFAULT_DURATION
    return str(planned_folder(Path(folder), method=method, duration=duration, folds=folds))


def _train(settings: Config, path: Path, choices: dict[str, Any], tensorboard: bool) -> None:
    with quiet_import():
        from tfuq.training import train
        from tfuq.training.tensorboard import TensorBoardLog
        from tfuq.training.workers import this_worker

    log: AbstractContextManager[Observer] = nullcontext(SILENT)
    if tensorboard:
        log = TensorBoardLog(path / "tensorboard")
    with TrainingProgress(settings.training.epochs) as progress, log as record:
        observer = Observers(progress, record, TaskLines())
        run = train(settings, path, observer=observer, **choices)
    worker = this_worker(choices["devices"])
    if not worker.is_chief:
        show(f"{worker} is done; worker 1 wrote {run.path}")
        return
    trained = len(run.finished_members)
    show(
        f"{trained} of {settings.members} member(s) trained in {run.path}; "
        f"next: {shell_line('predict', run.path)}"
    )
