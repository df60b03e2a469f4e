"""Writes configurations for data, for ``tfuq init``, ``tfuq plan`` and ``tfuq train FOLDER``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tfuq import config as configuration
from tfuq.errors import RunError
from tfuq_cli.progress import show

if TYPE_CHECKING:
    from tfuq.workflows.init import Proposal

DEFAULT_DURATION = "1h"
_SUFFIX = "-planned"


def planned_path(config: str) -> Path:
    """Where the plan of a configuration is written, if nothing else is said."""
    return Path(f"{Path(config).stem}{_SUFFIX}.yaml")


def planned_folder(folder: Path, *, method: str | None, duration: str, folds: int | None) -> Path:
    """Write a configuration for a folder of data, and plan it.

    Args:
        folder: The data.
        method: What it trains for; None for MC dropout.
        duration: That the training may take.
        folds: How many trainings share the time; None for the members of the method.

    Returns:
        The file of the planned configuration.

    Raises:
        TfuqError: The folder does not tell what its files are, a file is there already, or as
            `tfuq.workflows.plan.plan`.
    """
    from tfuq.workflows.durations import parse_duration
    from tfuq.workflows.init import propose

    parse_duration(duration)  # a wrong one is refused before anything is written
    proposal = propose(folder)
    path = Path(f"{proposal.name}.yaml")
    planned = planned_path(str(path))
    if planned.exists():
        raise RunError(
            f"{planned}: is there already; train by it, tfuq train {planned}, or move it away"
        )
    if path.exists():
        raise RunError(
            f"{path}: is there already; go on with it, tfuq plan {path} --time {duration}, or move "
            "it away"
        )
    write_proposal(proposal, path)
    write_plan(str(path), planned, method=method, duration=duration, memory=None, folds=folds)
    return planned


def write_proposal(proposal: Proposal, path: Path) -> None:
    """Write a proposed configuration, say what it takes the data for, and check them.

    Raises:
        RunError: The file is there already.
        DataError: The data have problems.
    """
    from tfuq.data.writers import write_text
    from tfuq_cli.data_check import show_check

    if path.exists():
        raise RunError(
            f"{path}: is there already; give another place by --out, another name by --name, "
            "or move it away"
        )
    write_text(path, proposal.text)
    for line in proposal.lines:
        show(line)
    for remark in proposal.remarks:
        show(f"remark: {remark}")
    show(f"{path} is written; look through it. Its data are checked now:")
    show_check(configuration.load(str(path)))


def write_plan(
    config: str,
    path: Path,
    *,
    method: str | None,
    duration: str,
    memory: str | None,
    folds: int | None,
) -> None:
    """Plan a configuration, say what was decided, and write it.

    Args:
        config: The configuration: a file, or the name of one that comes with tfuq.
        path: Where to write.
        method: What it trains for; None for what the configuration says.
        duration: That the training may take.
        memory: That it may take; None for most of what is free.
        folds: How many folds are trained; None for the members of the method.

    Raises:
        RunError: The file is there already.
        TfuqError: As `tfuq.workflows.plan.plan`.
    """
    from tfuq.data.budget import parse_size
    from tfuq.data.writers import write_text
    from tfuq.workflows.durations import parse_duration
    from tfuq.workflows.plan import plan

    if path.exists():
        raise RunError(f"{path}: is there already; give another place by --out, or move it away")
    seconds = parse_duration(duration)
    limit = None if memory is None else parse_size(memory)
    text = configuration.text_of(config)
    planned = plan(text, config, seconds=seconds, memory=limit, method=method, folds=folds)
    write_text(path, planned.text)
    for line in planned.lines:
        show(line)
    show(f"{path} is written")
