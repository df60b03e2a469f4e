"""Training a run: its members as tasks of an executor, each with the same material."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfuq import runs
from tfuq.config import Config, member_config
from tfuq.data.events import SILENT, Observer
from tfuq.data.locks import exclusive
from tfuq.data.removal import remove_file
from tfuq.errors import ConfigError, RunError
from tfuq.execution import Executor, Serial, Task
from tfuq.networks.freezing import without_layers
from tfuq.networks.layers import median_width
from tfuq.networks.weights import load_arrays
from tfuq.runs import Run
from tfuq.training.beginning import require_same_beginning
from tfuq.training.diversity import DIVERSITIES, group_of, group_training, groups_of
from tfuq.training.folder import check_folder
from tfuq.training.material import Material, facts, member_training, prepare, summary
from tfuq.training.seen_cases import remarks_on_seen_cases
from tfuq.training.state import STATE
from tfuq.training.workers import Worker, lost_worker_errors, this_worker

__all__ = [
    "Material",
    "check_folder",
    "member_training",
    "prepare",
    "summary",
    "train",
    "train_group",
]

_log = logging.getLogger(__name__)
_BEGINNING = "beginning"  # of the lock on a run's own files
# What the chief tells the other workers of a member.
_TRAIN = b"train"
_SKIP = b"skip"
# What this process has read for a call of `train`, by the name of the call; the last one alone.
_PREPARED: dict[str, Material] = {}


def train(
    config: Config,
    path: Path,
    *,
    observer: Observer = SILENT,
    devices: str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    member: int | None = None,
    executor: Executor | None = None,
) -> Run:
    """Train every member of a run, or one.

    Args:
        config: The configuration.
        path: The run's folder.
        observer: Is notified of each `EpochStep` and each `EpochEnd`.
        devices: As `tfuq.training.strategy.make_strategy` takes them.
        overwrite: Whether a run in the folder is replaced. It is removed only when the data of the
            new one have been read and checked.
        resume: Whether a run in the folder goes on.
        member: The number of the one member to train, from 0 on.
        executor: Where members are trained; None for here, one after another.

    Returns:
        The run.

    Raises:
        PartDoneError: The members that are this call's are trained, and others are not its own.
        RunError: The folder holds a run already and neither ``resume`` nor ``overwrite`` says what
            to do with it; or its data set is no longer the one that it began with.
    """
    executor = executor or Serial()
    groups = _groups(config, member)
    wanted = [index for group in groups for index in group]
    worker = this_worker(devices)
    _require_one_seam(worker, executor)
    _require_one_process(config, worker)
    is_shared = member is not None or not executor.is_whole
    with lost_worker_errors(worker):
        if not worker.is_chief:
            return _assist(config, path, devices, groups)
        check_folder(path, config, overwrite=overwrite, resume=resume or is_shared)
        material = prepare(config, devices)
        run = _begin(config, path, material, overwrite=overwrite)
        if set(wanted) - set(run.finished_members):
            require_same_beginning(run, material)
        _log.info(summary(config, material))
        if worker.is_alone:
            _train_by_tasks(run, material, groups, devices, observer, executor)
        else:
            for group in groups:  # in the order in which the others ask for them
                _train_group(run, group, material, observer)
    _require_trained(run, wanted)
    return run


def _groups(config: Config, member: int | None) -> list[range]:
    """The groups of members to train: all, or that of one member.

    Raises:
        RunError: There is no such member, or it is not trained alone.
    """
    if member is None:
        return groups_of(config)
    if member >= config.members:
        raise RunError(
            f"--member {member}: this configuration has members 0 to {config.members - 1}"
        )
    group = group_of(config, member)
    if len(group) > 1:
        raise RunError(
            f"--member {member}: ensemble.diversity {config.ensemble.diversity} has one training "
            f"for the members {group[0]} to {group[-1]}; leave --member out"
        )
    return [group]


def _require_one_seam(worker: Worker, executor: Executor) -> None:
    """Refuse workers that train one network together beside tasks that train one each."""
    if not worker.is_alone and (executor.slices > 1 or not executor.is_whole):
        raise ConfigError(
            "--devices workers trains each member by all workers, and --execute sends members to "
            "processes of their own; leave one of both out"
        )


def _require_one_process(config: Config, worker: Worker) -> None:
    """Refuse workers where one process has to see all members of a step."""
    kind = config.ensemble.diversity
    if not worker.is_alone and DIVERSITIES[kind].is_joint:
        raise ConfigError(
            f"--devices workers: ensemble.diversity {kind} trains all members together, in one "
            "process; take all devices of one machine, by --devices all"
        )


def _train_by_tasks(
    run: Run,
    material: Material,
    groups: Sequence[range],
    devices: str | None,
    observer: Observer,
    executor: Executor,
) -> None:
    """Train groups by an executor; those that are finished are tidied up here."""
    call = uuid.uuid4().hex
    _PREPARED[call] = material
    try:
        tasks = _tasks(run, groups, devices, call)
        for group, task in zip(groups, tasks, strict=True):
            if task.is_done:
                _train_group(run, group, material, observer)
        executor.run(tasks, observer).require_done()
    finally:
        _PREPARED.clear()


def _assist(config: Config, path: Path, devices: str | None, groups: Sequence[range]) -> Run:
    """Train with a chief, which begins the run, says which members to train, and writes."""
    material = prepare(config, devices)
    for group in groups:
        if material.together.of_chief(b"") == _TRAIN:
            group_training(config, path, group, material).run(SILENT)
    return Run(path, config)


def _tasks(run: Run, groups: Sequence[range], devices: str | None, call: str) -> list[Task]:
    path = run.path.absolute()
    finished = set(run.finished_members)
    tasks = []
    for group in groups:
        task = Task(
            name=_name_of(group),
            function=train_group,
            arguments=(path, group, devices, call),
            is_done=finished.issuperset(group),
        )
        tasks.append(task)
    return tasks


def _name_of(group: range) -> str:
    if len(group) == 1:
        return f"member {group[0]}"
    return f"members {group[0]} to {group[-1]}"


def train_group(
    path: Path, group: range, devices: str | None, call: str, *, observer: Observer
) -> None:
    """Train the members of a group, of a run that has begun; go on where it was stopped.

    Args:
        path: The run's folder.
        group: The members' numbers, as of `tfuq.training.diversity.groups_of`.
        devices: As `train` takes them.
        call: Names a call of `train`. A process reads the data once for all members of a call.
        observer: Is notified of each `EpochStep` and each `EpochEnd`.

    Raises:
        RunError: The folder holds no run, or another process trains the members.
    """
    run = runs.open_run(path)
    if call not in _PREPARED:
        _PREPARED.clear()
        _PREPARED[call] = prepare(run.config, devices)
    _train_group(run, group, _PREPARED[call], observer)


def _begin(config: Config, path: Path, material: Material, *, overwrite: bool) -> Run:
    """Make the run's folder, where it is not there yet.

    Raises:
        RunError: The data set has other cases than when the run began.
    """
    split = {}
    for part, cases in material.parts.items():
        split[part] = [case.id for case in cases]
    with exclusive(path, _BEGINNING, wait=True):
        if overwrite:
            _remove_unless_training(path)
        if not runs.is_run(path):
            for remark in remarks_on_seen_cases(config, material.parts):
                _log.warning("remark: %s", remark)
            runs.create(path, config, split, facts(config, material), material.folds)
    run = Run(path, config)
    if run.split != split or run.folds != (material.folds or []):
        raise RunError(
            f"{path}: {config.data.root} has other cases than when this run began; "
            "restore them, or pass --overwrite"
        )
    return run


def _train_group(run: Run, group: range, material: Material, observer: Observer) -> None:
    if set(group).issubset(run.finished_members):
        material.together.of_chief(_SKIP)
        for index in group:
            remove_file(run.member(index) / STATE)  # of a process killed at its very end
    else:
        material.together.of_chief(_TRAIN)
        group_training(run.config, run.path, group, material).run(observer)
    _require_trained(run, group)
    for index in group:
        _note_width(run, index)


def _note_width(run: Run, index: int) -> None:
    """Add the median width of a member's posterior to ``environment.json``.

    The file has the width at the start and after training, of layers that are not frozen.
    """
    arrays = load_arrays(run.member(index) / "weights.npz")
    end = median_width(without_layers(arrays, run.frozen_layers(index)))
    if end is None:
        return
    with exclusive(run.path, _BEGINNING, wait=True):
        widths = run.facts.get("posterior_width") or {}
        start = member_config(run.config, index).variational.initial_scale
        widths |= {f"member {index}": {"start": start, "end": end}}
        runs.write_facts(run.path, run.facts | {"posterior_width": widths})


def _require_trained(run: Run, members: Iterable[int]) -> None:
    """Refuse to say that a run is trained which somebody removed meanwhile.

    Raises:
        RunError: The run, or a member, is gone.
    """
    missing = set(members) - set(run.finished_members)
    if missing or not runs.is_run(run.path):
        raise RunError(
            f"{run.path}: was removed, or a part of it, while it was trained; train it again"
        )


def _remove_unless_training(path: Path) -> None:
    for member in (path / "members").glob("*/"):
        with exclusive(member, "training"):
            pass
    runs.plan_overwriting(path).carry_out()
