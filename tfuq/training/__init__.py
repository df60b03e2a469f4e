"""Training a run: its split, what is computed from its training data, and its members one after another."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TypeVar

import tensorflow as tf

from tfuq import runs
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.dataset import Examples, TrainingSet, training_statistics
from tfuq.data.layouts import made_cases
from tfuq.data.ownership import remove_file
from tfuq.data.preprocessing import Statistics
from tfuq.data.splits import split_cases
from tfuq.errors import RunError
from tfuq.layers import median_width
from tfuq.locks import exclusive
from tfuq.members import KlScale
from tfuq.posterior import METHOD_TRAITS
from tfuq.provenance import source_commit
from tfuq.runs import Run
from tfuq.tasks import task_of
from tfuq.training.fit import MemberTraining, OnStep, unheard
from tfuq.training.member_data import kl_scale_of, member_rows, member_seed
from tfuq.training.strategy import make_strategy
from tfuq.version import __version__
from tfuq.weights import load_arrays

T = TypeVar("T")

_VERSIONS_OF = ("tensorflow", "tensorflow-probability", "tf-keras", "numpy", "nibabel", "scipy")


def train(config: Config, path: Path, *, on_step: OnStep = unheard, say: Callable[[str], None] = unheard,
          devices: str | None = None, overwrite: bool = False, resume: bool = False, member: int | None = None) -> Run:  # fmt: skip
    """Train every member of a run (or one, by number) and return the run. ``say`` takes lines for the log.

    A run that ``overwrite`` replaces is removed only when the new one's data have been read and found fit.

    Raises:
        RunError: the folder holds a run already and neither ``resume`` nor ``overwrite`` says what to do with it; or its data
            set is no longer the one that it began with.
    """
    if member is not None and member >= config.members:
        raise RunError(f"--member {member}: this configuration has members 0 to {config.members - 1}")
    check_folder(path, config, overwrite=overwrite, resume=resume or member is not None)
    material = prepare(config, devices)
    split = {part: [case.id for case in cases] for part, cases in material.parts.items()}
    with exclusive(path, "beginning", wait=True):
        if overwrite:
            _remove_unless_training(path)
        if not runs.is_run(path):
            runs.create(path, config, split, _facts(config, material))
    run = Run(path, config)
    if run.split != split:
        raise RunError(
            f"{path}: {config.data.root} has other cases than when this run began; restore them, or pass --overwrite"
        )
    wanted = range(config.members) if member is None else [member]
    if set(wanted) - set(run.finished_members):
        _require_same_terms(run, material)
    say(summary(config, material))
    for index in wanted:
        if index in run.finished_members:
            remove_file(run.member(index) / "state.npz")  # of a process killed at its very end
        else:
            member_training(config, run.member(index), index, material).run(on_step)
        _require_trained(run, [index])
        _state_width(run, index)
    _require_trained(run, wanted)
    return run


def _require_same_terms(run: Run, material: Material) -> None:
    """Refuse to go on with a run whose loss is a mean over other terms than when it began.

    Raises:
        RunError: the training examples differ, or an earlier version counted padding, or missing landmarks.
    """
    terms, unit = material.training.terms, task_of(run.config).unit(run.config)
    began = run.facts.get("likelihood_terms", terms)
    if began != terms:
        raise RunError(
            f"{run.path}: began with {began:,} {unit}s to learn from and now has {terms:,}, as its data changed or an earlier "
            "version of tfuq counted padding; pass --overwrite to train it anew"
        )


def _state_width(run: Run, index: int) -> None:
    """Add to ``environment.json`` the median width of a member's posterior at the start and after training."""
    end = median_width(load_arrays(run.member(index) / "weights.npz"))
    if end is None:
        return
    with exclusive(run.path, "beginning", wait=True):
        widths = run.facts.get("posterior_width") or {}
        widths |= {f"member {index}": {"start": run.config.variational.initial_scale, "end": end}}
        runs.write_facts(run.path, run.facts | {"posterior_width": widths})


def _require_trained(run: Run, members: Iterable[int]) -> None:
    """Refuse to say that a run is trained which somebody removed meanwhile.

    Raises:
        RunError: the run, or a member, is gone.
    """
    gone = [index for index in members if index not in run.finished_members]
    if gone or not runs.is_run(run.path):
        raise RunError(f"{run.path}: was removed, or a part of it, while it was trained; train it again")


@dataclass(frozen=True)
class Material:
    """What every member is trained with: cases by part, examples, what was computed from them, devices."""

    parts: dict[str, list[Case]]
    training: TrainingSet
    validation: list[Examples]
    statistics: Statistics | None
    strategy: tf.distribute.Strategy
    kl_scales: list[KlScale]  # of each member


def prepare(config: Config, devices: str | None) -> Material:
    """Read and preprocess the data; nothing is written but a phantom that is not there yet."""
    strategy = make_strategy(devices)
    task = task_of(config)
    parts = split_cases(made_cases(config.data), config.data.split)
    statistics = training_statistics(config, parts["train"])
    training = task.training_set(config, parts["train"], statistics)
    validation = task.validation(config, parts["validation"], training, statistics)
    kl_scales = [kl_scale_of(config, training, member_rows(config, training, k)) for k in range(config.members)]
    return Material(parts, training, validation, statistics, strategy, kl_scales)


def member_training(config: Config, folder: Path, index: int, material: Material) -> MemberTraining:
    """One member's training, ready to run."""
    fit = MemberTraining(config, folder, index, material.training, material.validation, material.strategy)
    source = config.variational.warm_start
    if source and METHOD_TRAITS[config.method].variational:
        weights = Path(source) / "members" / str(index) / "weights.npz"
        fit.warm_start(load_arrays(weights), str(weights))
    return fit


def check_folder(path: Path, config: Config, *, overwrite: bool, resume: bool) -> None:
    """Refuse a folder whose run would be lost or mixed.

    Raises:
        RunError: it holds a run already, or one of another configuration, or something that is not tfuq's own where a file
            of the run belongs.
    """
    if overwrite:
        runs.plan_overwriting(path)
        return
    runs.require_room(path, config.members)
    if not runs.is_run(path):
        if any(path.glob("members/*/*.npz")):
            raise RunError(f"{path}: holds members of a run without its config.yaml; restore it, or choose another --run")
    elif not resume:
        raise RunError(
            f"{path}: holds a run already; pass --resume to go on with it, --overwrite to replace it, or another --run"
        )
    elif runs.open_run(path).config != config:
        raise RunError(f"{path}: was trained with another configuration; pass the same one, --overwrite, or another --run")


def _remove_unless_training(path: Path) -> None:
    for member in (path / "members").glob("*/"):
        with exclusive(member, "training"):
            pass
    runs.plan_overwriting(path).carry_out()


def summary(config: Config, material: Material) -> str:
    """What is trained on what, in a line."""
    training, unit = material.training, task_of(config).unit(config)
    counts = " / ".join(str(len(cases)) for cases in material.parts.values())
    text = f"{config.name}: {config.method}, {config.members} member(s); {counts} cases {' / '.join(material.parts)}, "
    text += f"{len(training.index)} training examples, {training.terms:,} {unit}s"
    kind = METHOD_TRAITS[config.method].network
    if kind != "point":
        text += f"; KL scale {_scales_of_weights(config, material)} per nat ({_source(config.variational.kl_scale, f'1 / training {unit}s')})"
    if kind == "latent":
        code = material.kl_scales[0].code
        text += f", of the code {code:.3g} ({_source(config.latent.kl_scale, f'1 / {unit}s of an example')})"
    return text


def _scales_of_weights(config: Config, material: Material) -> str:
    """One number, or each member's own where members train on subsets."""
    scales = [kl_scale.weights for kl_scale in material.kl_scales]
    if config.ensemble.subset == "none":
        return f"{scales[0]:.3g}"
    return "of the members " + ", ".join(f"{scale:.3g}" for scale in scales)


def _source(configured: float | str, computed: str) -> str:
    return computed if configured == "data" else "given"


def _facts(config: Config, material: Material) -> dict:
    training, statistics, kind = material.training, material.statistics, METHOD_TRAITS[config.method].network
    return {
        "versions": {"tfuq": __version__, "python": platform.python_version()}
        | {name: metadata.version(name) for name in _VERSIONS_OF},
        "devices": list(material.strategy.extended.worker_devices),
        "gpus": [gpu.name for gpu in tf.config.list_physical_devices("GPU")],
        "git": source_commit(),
        "seeds": {"training": config.training.seed}
        | _by_member(member_seed(config.training.seed, k) for k in range(config.members)),
        "channels": training.channels,
        "statistics": asdict(statistics) if statistics else None,
        "likelihood_terms": training.terms,
        "class_weights": training.class_weights,
        "kl_scale": _by_member(scale.weights for scale in material.kl_scales) if kind != "point" else None,
        "code_kl_scale": material.kl_scales[0].code if kind == "latent" else None,
    }


def _by_member(values: Iterable[T]) -> dict[str, T]:
    return {f"member {index}": value for index, value in enumerate(values)}
