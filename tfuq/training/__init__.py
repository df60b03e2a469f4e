"""Training a run: its split, what is computed from its training data, and its members one after another."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import tensorflow as tf

from tfuq import runs
from tfuq.config import Config
from tfuq.data.cases import Case
from tfuq.data.dataset import TrainingSet, load_examples, make_preprocessor, training_statistics
from tfuq.data.layouts import list_cases
from tfuq.data.splits import split_cases
from tfuq.errors import RunError
from tfuq.posterior import METHOD_TRAITS
from tfuq.runs import Run
from tfuq.training.fit import MemberTraining, OnStep, member_seed, unheard
from tfuq.training.strategy import make_strategy
from tfuq.version import __version__
from tfuq.weights import load_arrays

_VERSIONS_OF = ("tensorflow", "tensorflow-probability", "tf-keras", "numpy", "nibabel", "scipy")


def train(config: Config, path: Path, *, on_step: OnStep = unheard, say: Callable[[str], None] = unheard,
          devices: str | None = None, overwrite: bool = False, resume: bool = False, member: int | None = None) -> Run:  # fmt: skip
    """Train every member of a run (or one, by number) and return the run. ``say`` takes lines for the log.

    Raises:
        RunError: the folder holds a run already and neither ``resume`` nor ``overwrite`` says what to do with it.
    """
    if member is not None and member >= config.members:
        raise RunError(f"--member {member}: this configuration has members 0 to {config.members - 1}")
    _prepare_folder(path, config, overwrite=overwrite, resume=resume or member is not None)
    strategy = make_strategy(devices)
    parts = split_cases(list_cases(config.data.layout, config.data.root), config.data.split)
    statistics = training_statistics(config, parts["train"])
    training = TrainingSet(config, parts["train"], statistics)
    preprocessor = make_preprocessor(config, statistics)
    validation = [load_examples(config, preprocessor, case) for case in parts["validation"]]
    kl_scale = _kl_scale(config, training)
    if not runs.is_run(path):
        facts = _facts(config, training, statistics, strategy, kl_scale)
        runs.create(path, config, {part: [case.id for case in cases] for part, cases in parts.items()}, facts)
    run = Run(path, config)
    say(_summary(config, parts, training, kl_scale))
    for index in range(config.members) if member is None else [member]:
        if index not in run.finished_members:
            _train_member(run, index, training, validation, strategy, kl_scale).run(on_step)
    return run


def _train_member(run, index, training, validation, strategy, kl_scale) -> MemberTraining:
    fit = MemberTraining(run.config, run.member(index), index, training, validation, strategy, kl_scale)
    source = run.config.variational.warm_start
    if source and METHOD_TRAITS[run.config.method].variational:
        weights = Path(source) / "members" / str(index) / "weights.npz"
        fit.warm_start(load_arrays(weights), str(weights))
    return fit


def _prepare_folder(path: Path, config: Config, *, overwrite: bool, resume: bool) -> None:
    if not runs.is_run(path):
        return
    if overwrite:
        shutil.rmtree(path)
    elif not resume:
        raise RunError(
            f"{path}: holds a run already; pass --resume to go on with it, --overwrite to replace it, or another --run"
        )
    elif runs.open_run(path).config != config:
        raise RunError(f"{path}: was trained with another configuration; pass the same one, --overwrite, or another --run")


def _kl_scale(config: Config, training: TrainingSet) -> float:
    """1 / (training cases × voxels per case): the likelihood of the ELBO is a sum over voxels where the loss is a mean."""
    scale = config.variational.kl_scale
    return 1.0 / training.voxels if scale == "data" else scale


def _summary(config: Config, parts: dict[str, list[Case]], training: TrainingSet, kl_scale: float) -> str:
    counts = " / ".join(str(len(parts[part])) for part in parts)
    text = f"{config.name}: {config.method}, {config.members} member(s); {counts} cases train / validation / test, "
    text += f"{len(training.index)} training examples, {training.voxels:,} voxels"
    if METHOD_TRAITS[config.method].variational:
        text += (
            f"; KL scale {kl_scale:.3g} per nat ({'1 / training voxels' if config.variational.kl_scale == 'data' else 'given'})"
        )
    return text


def _facts(config, training, statistics, strategy, kl_scale) -> dict:
    return {
        "versions": {"tfuq": __version__, "python": platform.python_version()}
        | {name: metadata.version(name) for name in _VERSIONS_OF},
        "devices": list(strategy.extended.worker_devices),
        "gpus": [gpu.name for gpu in tf.config.list_physical_devices("GPU")],
        "git": _git_state(),
        "seeds": {"training": config.training.seed}
        | {f"member {k}": member_seed(config.training.seed, k) for k in range(config.members)},
        "channels": training.channels,
        "statistics": asdict(statistics) if statistics else None,
        "training_voxels": training.voxels,
        "class_weights": training.class_weights,
        "kl_scale": kl_scale if METHOD_TRAITS[config.method].variational else None,
    }


def _git_state() -> str | None:
    """Commit of the working directory, with ``-dirty`` where it has changes; None outside a repository."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
