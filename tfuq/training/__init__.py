"""Training a run: its members one after another, each with the same material."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tfuq import runs
from tfuq.config import Config
from tfuq.data.cases import read_case_orientation
from tfuq.data.events import SILENT, Observer
from tfuq.data.locks import exclusive
from tfuq.data.removal import remove_file
from tfuq.errors import RunError, TfuqError
from tfuq.networks.layers import median_width
from tfuq.networks.weights import load_arrays
from tfuq.runs import Run
from tfuq.tasks import FIRST_DEFINITION, task_of
from tfuq.training.material import Material, facts, member_training, prepare, summary
from tfuq.training.state import STATE
from tfuq.training.workers import lost_worker_errors, this_worker

__all__ = [
    "Material",
    "check_folder",
    "member_training",
    "prepare",
    "summary",
    "train",
]

_log = logging.getLogger(__name__)
_BEGINNING = "beginning"  # of the lock on a run's own files
# What the chief tells the other workers of a member.
_TRAIN = b"train"
_SKIP = b"skip"


def train(
    config: Config,
    path: Path,
    *,
    observer: Observer = SILENT,
    devices: str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    member: int | None = None,
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

    Returns:
        The run.

    Raises:
        RunError: The folder holds a run already and neither ``resume`` nor ``overwrite`` says what
            to do with it; or its data set is no longer the one that it began with.
    """
    if member is not None and member >= config.members:
        raise RunError(
            f"--member {member}: this configuration has members 0 to {config.members - 1}"
        )
    wanted = range(config.members)
    if member is not None:
        wanted = range(member, member + 1)
    worker = this_worker(devices)
    with lost_worker_errors(worker):
        if not worker.is_chief:
            return _assist(config, path, devices, wanted)
        check_folder(path, config, overwrite=overwrite, resume=resume or member is not None)
        material = prepare(config, devices)
        run = _begin(config, path, material, overwrite=overwrite)
        _train_members(run, material, wanted, observer)
    return run


def _train_members(run: Run, material: Material, wanted: range, observer: Observer) -> None:
    """Train the members that are not finished.

    Raises:
        RunError: The run began with other data or another version of tfuq.
    """
    if set(wanted) - set(run.finished_members):
        _require_same_terms(run, material)
        _require_same_divergence(run, material)
        _require_same_warmup(run)
        _require_same_loss(run)
        _require_same_orientation(run, material)
    _log.info(summary(run.config, material))
    for index in wanted:
        _train_member(run, index, material, observer)
    _require_trained(run, wanted)


def _assist(config: Config, path: Path, devices: str | None, wanted: range) -> Run:
    """Train with a chief, which begins the run, says which members to train, and writes."""
    material = prepare(config, devices)
    for index in wanted:
        if material.together.of_chief(b"") == _TRAIN:
            member_training(config, path / "members" / str(index), index, material).run(SILENT)
    return Run(path, config)


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
            runs.create(path, config, split, facts(config, material))
    run = Run(path, config)
    if run.split != split:
        raise RunError(
            f"{path}: {config.data.root} has other cases than when this run began; "
            "restore them, or pass --overwrite"
        )
    return run


def _train_member(run: Run, index: int, material: Material, observer: Observer) -> None:
    folder = run.member(index)
    if index in run.finished_members:
        material.together.of_chief(_SKIP)
        remove_file(folder / STATE)  # of a process killed at its very end
    else:
        material.together.of_chief(_TRAIN)
        member_training(run.config, folder, index, material).run(observer)
    _require_trained(run, [index])
    _note_width(run, index)


def _require_same_terms(run: Run, material: Material) -> None:
    """Refuse to go on with a run whose loss was a mean over other terms when it began.

    Raises:
        RunError: The training examples differ, or an earlier version counted padding, or missing
            landmarks.
    """
    terms = material.training.terms
    first_terms = run.facts.get("likelihood_terms", terms)
    if first_terms != terms:
        unit = task_of(run.config).unit(run.config)
        raise RunError(
            f"{run.path}: began with {first_terms:,} {unit}s to learn from and now has {terms:,}, "
            "as its data changed or an earlier version of tfuq counted padding; "
            "pass --overwrite to train it anew"
        )


def _require_same_divergence(run: Run, material: Material) -> None:
    """Refuse to go on with a variational run whose KL scale was another when it began.

    Raises:
        RunError: An earlier version gave the KL divergence another share of the loss.
    """
    present = facts(run.config, material)
    for name in ("kl_scale", "code_kl_scale"):
        now = present[name]
        first = run.facts.get(name, now)
        if first != now:
            raise RunError(
                f"{run.path}: began with a {name} of {first} and now has {now}, as an earlier "
                "version of tfuq gave the KL divergence another share of the loss; "
                "pass --overwrite to train it anew"
            )


def _require_same_warmup(run: Run) -> None:
    """Refuse to go on with a run whose widths were held for other epochs when it began.

    Raises:
        RunError: An earlier version of tfuq held them for none unless it was asked to.
    """
    now = run.config.width_warmup_epochs
    first = run.facts.get("width_warmup_epochs", run.config.variational.width_warmup_epochs or 0)
    if first != now:
        raise RunError(
            f"{run.path}: began with a variational.width_warmup_epochs of {first} and now has "
            f"{now}, as an earlier version of tfuq inferred widths from the first epoch on; "
            "pass --overwrite to train it anew"
        )


def _require_same_loss(run: Run) -> None:
    """Refuse to go on with a run whose loss was defined otherwise when it began.

    Raises:
        RunError: Another version of tfuq defined the task's loss otherwise.
    """
    now = task_of(run.config).loss_definition(run.config)
    first = run.facts.get("loss_definition", FIRST_DEFINITION)
    if first != now:
        raise RunError(
            f"{run.path}: began with definition {first} of its loss and now has definition {now}, "
            "as another version of tfuq computed the loss otherwise; "
            "pass --overwrite to train it anew, or another --run"
        )


def _require_same_orientation(run: Run, material: Material) -> None:
    """Refuse to go on with a run that saw scans in another orientation when it began.

    Raises:
        RunError: The training cases lie otherwise now; or they differ in orientation, and an
            earlier version took each as it lay.
    """
    if "orientation" in run.facts:
        is_same = run.orientation == material.orientation
    else:
        names = {material.orientation}
        if material.orientation:
            names |= set(map(read_case_orientation, material.parts["train"]))
        is_same = len(names) == 1
    if not is_same:
        raise RunError(
            f"{run.path}: began with scans in another orientation than {material.orientation}, as "
            "its data changed or an earlier version of tfuq took each scan as it lay; "
            "pass --overwrite to train it anew"
        )


def _note_width(run: Run, index: int) -> None:
    """Add the median width of a member's posterior to ``environment.json``.

    The file has the width at the start and after training.
    """
    end = median_width(load_arrays(run.member(index) / "weights.npz"))
    if end is None:
        return
    with exclusive(run.path, _BEGINNING, wait=True):
        widths = run.facts.get("posterior_width") or {}
        start = run.config.variational.initial_scale
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


def _remove_unless_training(path: Path) -> None:
    for member in (path / "members").glob("*/"):
        with exclusive(member, "training"):
            pass
    runs.plan_overwriting(path).carry_out()
