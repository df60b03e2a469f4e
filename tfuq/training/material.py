"""What every member of a run is trained with."""

from __future__ import annotations

import functools
import logging
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import tensorflow as tf

from tfuq.config import Config, member_config
from tfuq.data.appearance import TrainingAppearance, training_appearance
from tfuq.data.cases import Case
from tfuq.data.cross_validation import cross_folds
from tfuq.data.layouts import made_cases, remarks_on_leftovers
from tfuq.data.preprocessing import Statistics
from tfuq.data.sets.dataset import (
    TrainingSet,
    oriented,
    training_orientation,
    training_statistics,
)
from tfuq.data.sets.prepared import Examples
from tfuq.data.splits import split_cases
from tfuq.networks.freezing import Frozen
from tfuq.networks.weights import load_arrays
from tfuq.runs.provenance import source_commit, tfuq_version
from tfuq.sampling.members import KlScale
from tfuq.sampling.posterior import METHOD_TRAITS
from tfuq.tasks import task_of
from tfuq.training.collecting import NOTHING, Collector
from tfuq.training.fit import MemberTraining
from tfuq.training.frozen_members import frozen_facts, frozen_of_members, frozen_texts
from tfuq.training.initial_weights import start_from
from tfuq.training.member_data import (
    kl_scale_of,
    likelihood_share,
    member_rows,
    member_seed,
    steps_of_epoch,
)
from tfuq.training.state import STATE
from tfuq.training.strategy import batch_shares, make_strategy
from tfuq.training.swag import LateWeights, require_iterates
from tfuq.training.validation import MeanNetworks, Validator
from tfuq.training.warm_start import warm_start
from tfuq.training.workers import Together, this_worker

T = TypeVar("T")
_log = logging.getLogger(__name__)
_VERSIONS_OF = ("tensorflow", "tensorflow-probability", "tf-keras", "numpy", "nibabel", "scipy")


@dataclass(frozen=True, kw_only=True)
class Material:
    """What every member is trained with.

    Attributes:
        parts: The cases by part of the split.
        training: The training examples.
        validation: Groups of examples to validate on.
        statistics: Intensities of the training cases, if normalization needs them.
        orientation: Of what the network sees, such as ``RAS``; None for tasks of pictures.
        strategy: The devices.
        together: The processes that train together; one, unless the devices are those of workers.
        kl_scales: The KL scale of each member.
        folds: Ids of the cases that each member leaves out; None where members have no folds.
        appearance: What training images look like; None without any.
        frozen: What of each member's network stays as it starts; None where all of it is trained.
            They are one in a run without overrides.
        mean_networks: Those that members are validated with.
    """

    parts: dict[str, list[Case]]
    training: TrainingSet
    validation: Sequence[Examples]
    statistics: Statistics | None
    orientation: str | None
    strategy: tf.distribute.Strategy
    together: Together
    kl_scales: list[KlScale]
    appearance: TrainingAppearance | None = None
    folds: list[list[str]] | None = None
    frozen: Sequence[Frozen | None]
    mean_networks: MeanNetworks = field(default_factory=MeanNetworks)

    def fold(self, member: int) -> list[str]:
        """Ids of the training cases that a member leaves out."""
        return self.folds[member] if self.folds else []


def prepare(config: Config, devices: str | None) -> Material:
    """Read and preprocess the data; write nothing but a phantom that is not there yet.

    Args:
        config: The configuration.
        devices: As `make_strategy` takes them.
    """
    strategy = make_strategy(devices)
    together = Together(strategy, this_worker(devices))
    # Refuses more devices than examples before anything is read or written.
    batch_shares(strategy, together.worker.number, config.training.batch_size)
    task = task_of(config)
    cases = made_cases(config.data)
    for line in remarks_on_leftovers(config.data, cases, all_folders=False):
        _log.warning(f"remark: {line}")
    parts = split_cases(cases, config.data.split)
    folds = None
    if config.has_folds:
        parts = _pooled(parts)
        folds = cross_folds(config.data.split, parts["train"], config.members)
    orientation = training_orientation(config, parts["train"])
    config = oriented(config, orientation)
    statistics = training_statistics(config, parts["train"])
    training = task.training_set(config, parts["train"], statistics)
    for loss in training.losses:
        _log.warning("remark: %s", loss)
    validation = task.validation(config, parts["validation"], training, statistics)
    kl_scales = []
    for member in range(config.members):
        own = member_config(config, member)
        rows = member_rows(own, training, member, folds[member] if folds else ())
        require_iterates(own, steps_of_epoch(own, rows))
        kl_scales.append(kl_scale_of(own, training.of_member(own), rows))
    return Material(
        parts=parts,
        training=training,
        validation=validation,
        statistics=statistics,
        orientation=orientation,
        strategy=strategy,
        together=together,
        kl_scales=kl_scales,
        appearance=training_appearance(config, parts["train"]),
        folds=folds,
        frozen=frozen_of_members(config, training.channels),
    )


def _pooled(parts: dict[str, list[Case]]) -> dict[str, list[Case]]:
    """The parts with the validation cases among the training cases, as each fold validates once."""
    pool = sorted([*parts["train"], *parts["validation"]], key=lambda case: case.id)
    return {**parts, "train": pool, "validation": []}


def member_training(
    config: Config,
    folder: Path,
    index: int,
    material: Material,
    collector: Collector | None = None,
    state: Path | None = None,
) -> MemberTraining:
    """Make one member's training, ready to run.

    Args:
        config: The configuration of the run.
        folder: The member's folder.
        index: The member's number, from 0 on.
        material: What it is trained with.
        collector: Gathers weights on the way; None for what the method gathers.
        state: The file that the training goes on from, if it is there; None for the one in the
            member's folder.
    """
    config = member_config(config, index)
    training = material.training.of_member(config)
    fit = MemberTraining(
        config,
        folder,
        index,
        training,
        _validator(config, index, training, material),
        material.strategy,
        material.together,
        material.fold(index),
        collector or _collector(config),
    )
    if not (state or folder / STATE).is_file():  # else it goes on with the weights that it had
        _start_elsewhere(config, fit, material.training.channels)
    return fit


def _collector(config: Config) -> Collector:
    """What a method gathers of a training's weights."""
    if METHOD_TRAITS[config.method].network == "swag":
        return LateWeights(config)
    return NOTHING


def _start_elsewhere(config: Config, fit: MemberTraining, channels: int) -> None:
    """Give a member's network the weights of another run, where the configuration names one."""
    initial = config.training.initial_weights
    if initial is not None:
        start_from(fit.model, initial, fit.member, channels, fit.frozen.layers)
    source = config.variational.warm_start
    if source and METHOD_TRAITS[config.method].has_divergence:
        weights = Path(source) / "members" / str(fit.member) / "weights.npz"
        warm_start(fit.model, load_arrays(weights), str(weights))


def _validator(config: Config, index: int, training: TrainingSet, material: Material) -> Validator:
    """What validates a member."""
    return Validator(
        config,
        _validation(config, index, material),
        task_of(config).loss(config, training),
        material.mean_networks.of(config, training.channels),
        material.together,
    )


def _validation(config: Config, index: int, material: Material) -> Sequence[Examples]:
    """What a member validates on: the run's validation cases, or its own fold."""
    if not material.folds:
        return material.validation
    fold = material.fold(index)
    cases = [case for case in material.parts["train"] if case.id in fold]
    return task_of(config).validation(config, cases, material.training, material.statistics)


def summary(config: Config, material: Material) -> str:
    """What is trained on what, in a line."""
    training = material.training
    unit = task_of(config).unit(config)
    counts = " / ".join(str(len(cases)) for cases in material.parts.values())
    parts = " / ".join(material.parts)
    if material.folds:
        parts += f" in {len(material.folds)} folds"
    text = (
        f"{config.name}: {config.method}, {config.members} member(s); {counts} cases {parts}, "
        f"{len(training.index)} training examples, {training.terms:,} {unit}s"
    )
    traits = METHOD_TRAITS[config.method]
    share = f"{likelihood_share(config.training.loss):g}"
    if traits.has_divergence:
        source = _source(config.variational.kl_scale, f"{share} / training {unit}s")
        text += f"; KL scale {_scales_of_weights(config, material)} per nat ({source})"
    if traits.network == "latent":
        source = _source(config.latent.kl_scale, f"{share} / {unit}s of an example")
        text += f", of the code {_code_scales(material)} ({source})"
    if traits.network == "probabilistic":
        beta = f"{config.probabilistic.beta:g} · {share} / {unit}s of an example"
        text += f"; KL scale of the code {_code_scales(material)} per nat ({beta})"
    if any(material.frozen):
        text += f"; {_of_members(frozen_texts(material.frozen))}"
    return text


def _scales_of_weights(config: Config, material: Material) -> str:
    """A number for each member where members train on subsets, or where they differ."""
    scales = [f"{kl_scale.weights:.3g}" for kl_scale in material.kl_scales]
    if config.ensemble.subset == "none" and not material.folds:
        return _of_members(scales)
    return "of the members " + ", ".join(scales)


def _code_scales(material: Material) -> str:
    return _of_members([f"{kl_scale.code:.3g}" for kl_scale in material.kl_scales])


def _of_members(texts: Sequence[str]) -> str:
    """The text of all members, or one for each where they differ."""
    if len(set(texts)) == 1:
        return texts[0]
    return "of the members " + ", ".join(texts)


def _source(configured: float | str, computed: str) -> str:
    if configured == "data":
        return computed
    return "given"


def facts(config: Config, material: Material) -> dict[str, Any]:
    """What ``environment.json`` holds of a run that begins."""
    training = material.training
    kind = METHOD_TRAITS[config.method].network
    statistics = None
    if material.statistics:
        statistics = asdict(material.statistics)
    appearance = None
    if material.appearance:
        appearance = asdict(material.appearance)
    kl_scale = None
    if METHOD_TRAITS[config.method].has_divergence:
        kl_scale = _by_member(scale.weights for scale in material.kl_scales)
    code_kl_scale = None
    if kind in ("latent", "probabilistic"):
        code_kl_scale = material.kl_scales[0].code
    return {
        "versions": _versions(),
        "devices": list(material.strategy.extended.worker_devices),
        "gpus": [gpu.name for gpu in tf.config.list_physical_devices("GPU")],
        "git": source_commit(),
        "seeds": _seeds(config),
        "channels": training.channels,
        "channel_names": _channel_names(material),
        "statistics": statistics,
        "orientation": material.orientation,
        "appearance": appearance,
        "likelihood_terms": training.terms,
        "loss_definition": task_of(config).loss_definition(config),
        "class_weights": training.class_weights,
        "kl_scale": kl_scale,
        "code_kl_scale": code_kl_scale,
        "width_warmup_epochs": config.width_warmup_epochs,
        "frozen": frozen_facts(material.frozen),
    }


def _channel_names(material: Material) -> list[str] | None:
    """The names of the channels, where the layout tells a name for each."""
    first = material.parts["train"][0].channels
    if len(first) != material.training.channels:
        return None
    return list(first)


def _versions() -> dict[str, str]:
    versions = {"tfuq": tfuq_version(), "python": platform.python_version()}
    for name in _VERSIONS_OF:
        versions[name] = _version(name)
    return versions


@functools.cache
def _version(name: str) -> str:
    """The version of a library, which is looked for in every folder of libraries."""
    return metadata.version(name)


def _seeds(config: Config) -> dict[str, int]:
    seed = config.training.seed
    of_members = [member_seed(seed, member) for member in range(config.members)]
    return {"training": seed, **_by_member(of_members)}


def _by_member(values: Iterable[T]) -> dict[str, T]:
    return {f"member {index}": value for index, value in enumerate(values)}
