"""The folder of a run that is to be trained: whether it may be written, or gone on with."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tfuq import runs
from tfuq.config import Config
from tfuq.errors import RunError, TfuqError


def check_folder(path: Path, config: Config, *, overwrite: bool, resume: bool) -> None:
    """Refuse a folder whose run would be lost or mixed.

    Args:
        path: The folder.
        config: The configuration to train.
        overwrite: Whether a run in the folder is replaced.
        resume: Whether a run in the folder goes on.

    Raises:
        RunError: It holds a run already, or one of another configuration, or something that is not
            tfuq's own in the place of a file of the run.
    """
    if overwrite:
        runs.plan_overwriting(path)
        return
    runs.require_room(path, config.members)
    if not runs.is_run(path):
        _require_no_members(path)
        return
    if not resume:
        raise RunError(f"{path}: holds a run already; {_ways_on(path)}")
    trained = _with_cache_of(runs.open_run(path).config, config)
    if trained == config:
        return
    if _without_additional(trained) == _without_additional(config):
        raise RunError(
            f"{path}: was trained with other data.additional, and a run goes on with the cases "
            "that it began with; pass another --run, which trains on all of them"
        )
    raise RunError(
        f"{path}: was trained with another configuration; "
        "pass the same one, --overwrite, or another --run"
    )


def _ways_on(path: Path) -> str:
    """What may be done where a run, or something like one, lies already."""
    ways = ["another --run"]
    with suppress(RunError):
        runs.plan_overwriting(path)
        ways.insert(0, "--overwrite to replace it")
    with suppress(TfuqError):
        runs.open_run(path)
        ways.insert(0, "--resume to go on with it")
    return f"pass {' or '.join(ways)}"


def _with_cache_of(trained: Config, config: Config) -> Config:
    """The configuration of a run, but for the place of its cases, which changes no weight."""
    cache = config.training.cache
    training = trained.training.model_copy(update={"cache": cache})
    return trained.model_copy(update={"training": training})


def _without_additional(config: Config) -> Config:
    data = config.data.model_copy(update={"additional": []})
    return config.model_copy(update={"data": data})


def _require_no_members(path: Path) -> None:
    if any(path.glob("members/*/*.npz")):
        raise RunError(
            f"{path}: holds members of a run without its config.yaml; "
            "restore it, or choose another --run"
        )
