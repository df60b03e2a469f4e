"""``tfuq slurm``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import click

from tfuq import config as configuration
from tfuq.execution import slurm
from tfuq_cli import options
from tfuq_cli.opened import opened_subject
from tfuq_cli.progress import say, show

_SHARED = ("train", "study", "predict", "calibrate", "review", "score", "shift")
_NOT_HERE = ("execute", "overwrite", "dry_run")
_OF_EITHER = "review"  # takes a run, or predictions as they are
_MOST_PARTS = 10_000


@click.command(
    "slurm",
    cls=options.Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--parts",
    type=click.IntRange(1, _MOST_PARTS),
    help="Jobs of the array.  [default: one for each member of train, or each cell of study]",
)
@click.option(
    "--sbatch",
    multiple=True,
    metavar="OPTION",
    help="An option of sbatch for every job, repeatable, as in --sbatch=-G1 for a GPU.",
)
@click.option("--submit", is_flag=True, help="Submit the jobs; else print the script.")
@click.argument("command", metavar="COMMAND", type=click.Choice(_SHARED))
@click.argument("arguments", metavar="[ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(
    context: click.Context,
    parts: int | None,
    sbatch: tuple[str, ...],
    submit: bool,
    command: str,
    arguments: tuple[str, ...],
) -> None:
    """Print, or submit, a script that does COMMAND as a job array of Slurm: train, study, predict,
    calibrate, review, score or shift with their ARGUMENTS.

    Each job of the array does its part, and goes on where it was stopped when it is run again. A
    last job does what is left of a job that was killed, and assembles the result. All jobs see the
    same files.

    \b
    Example:
      tfuq slurm --sbatch=--cpus-per-task=8 train quickstart --method hybrid
    """
    values = _parsed(context, command, arguments)
    count = parts or _natural_parts(command, values)
    _require_what_is_there(command, values)
    last = []
    if command == "train" and not values["resume"]:
        last.append("--resume")
    job = slurm.ArrayJob(
        name=f"tfuq-{command}",
        command=(_program(), command, *arguments),
        last=last,
        parts=count,
        options=sbatch,
        folder=Path.cwd(),
    )
    if submit:
        show(slurm.submit(job.script()))
        return
    show(job.script().rstrip("\n"))
    say("nothing was submitted; pass the script to bash, or --submit")


def _parsed(context: click.Context, name: str, arguments: tuple[str, ...]) -> Mapping[str, Any]:
    """The values of a command's options; what would fail in every job fails here."""
    root = context.find_root()
    group = cast(click.Group, root.command)
    command = cast(click.Command, group.get_command(root, name))  # its name is one of the choices
    values = command.make_context(name, list(arguments), parent=root).params
    for option in _NOT_HERE:
        if values.get(option):
            raise click.UsageError(
                f"--{option.replace('_', '-')} of {name} does not go with tfuq slurm, whose jobs "
                "share the work; leave it out"
            )
    return values


def _require_what_is_there(command: str, values: Mapping[str, Any]) -> None:
    """Refuse a run or predictions that are not there, or cannot be read.

    Args:
        command: Its name.
        values: Of its options and arguments.

    Raises:
        RunError: It is so.
    """
    from tfuq.runs.results import MANIFEST, read_manifest

    run = values.get("run")
    paths = values.get("paths", (run,) if run else ())
    if "predictions" in values:
        read_manifest(values["predictions"])
    elif command == _OF_EITHER and len(paths) == 1 and (paths[0] / MANIFEST).is_file():
        read_manifest(paths[0])
    elif command not in _COUNTS:  # train and study make their runs
        opened_subject(paths, values.get("input", ()), values.get("model"), values.get("method"))


def _natural_parts(command: str, values: Mapping[str, Any]) -> int:
    """As many jobs as there are tasks, where that is known.

    Raises:
        UsageError: The work can be cut anywhere.
    """
    count: Callable[[Mapping[str, Any]], int] | None = _COUNTS.get(command)
    if count is None:
        raise click.UsageError(
            f"{command} can be cut anywhere; say into how many jobs by --parts N"
        )
    return count(values)


def _members(values: Mapping[str, Any]) -> int:
    overrides = list(values["override"])
    if values["method"]:
        overrides.append(f"method={values['method']}")
    return configuration.load(values["config"], tuple(overrides)).members


def _cells(values: Mapping[str, Any]) -> int:
    return configuration.load_study(values["study"]).cells


_COUNTS: dict[str, Callable[[Mapping[str, Any]], int]] = {"train": _members, "study": _cells}


def _program() -> str:
    """The command that the jobs run: the one beside this Python, else the one on the path."""
    beside = Path(sys.executable).with_name("tfuq")
    if beside.is_file():
        return str(beside)
    return "tfuq"
