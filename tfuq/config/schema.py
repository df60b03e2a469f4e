"""The configuration as a whole: all of its sections, and what they must agree on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, Field

from tfuq.config.combination import MEAN, combination_problem
from tfuq.config.data import DataConfig
from tfuq.config.learning import (
    NEVER,
    EnsembleConfig,
    LatentConfig,
    PredictionConfig,
    TrainingConfig,
    VariationalConfig,
)
from tfuq.config.methods import FLIPS, transforms_of, with_tta
from tfuq.config.names import sides_of
from tfuq.config.network import NetworkConfig
from tfuq.config.preparation import AugmentationConfig, PreprocessingConfig
from tfuq.config.section import Section, check_each
from tfuq.config.tasks import TASKS, TaskRules
from tfuq.config.text import write_yaml
from tfuq.errors import nearest

METHODS = ("deterministic", "mc-dropout", "ensemble", "hybrid", "vi", "latent-vi")
# Methods that sample what another method trains.
TRAINED_AS = {"latent-code": "latent-vi", "latent-weights": "latent-vi"}
SERVED_METHODS = (*METHODS, *TRAINED_AS)
VARIATIONAL = ("vi", "latent-vi")
ENSEMBLES = ("ensemble", "hybrid")

Method = Literal["deterministic", "mc-dropout", "ensemble", "hybrid", "vi", "latent-vi"]

_SAMPLING_DROPOUT = ("mc-dropout", "hybrid")

# What an ensemble of networks of these methods is called.
_WITH_MEMBERS = {"deterministic": "ensemble", "mc-dropout": "hybrid"}

_CHUNK_OF_SLICES = 8
_WARMUP_PARTS = 6  # of a training, one of which holds widths
_LONGEST_WARMUP = 5  # epochs


def _known_task(name: str) -> str:
    if name not in TASKS:
        raise ValueError(f"unknown task {name!r:.40}{nearest(name, TASKS)}")
    return name


def fold_overrides(method: str, folds: int) -> list[str]:
    """What makes a configuration one of folds, as overrides.

    Args:
        method: Of the configuration.
        folds: How many there are.
    """
    chosen = _WITH_MEMBERS.get(method, method)
    section = "variational" if chosen in VARIATIONAL else "ensemble"
    return [f"method={chosen}", f"{section}.members={folds}", "ensemble.subset=folds"]


Task = Annotated[str, AfterValidator(_known_task)]


def _with_name(tree: Any, key: str, name: str) -> Any:
    """A section as it is written, with the name of a section in it where that has none."""
    if not isinstance(tree, dict):
        return tree
    section = tree.get(key, {})
    if not isinstance(section, dict):
        return tree
    return {**tree, key: {"name": name, **section}}


def _with_sampled_dropout(tree: Any) -> Any:
    """A configuration without the dropout that is only for methods that sample it."""
    network = tree.get("network")
    method = tree.get("method", Config.model_fields["method"].default)
    if not isinstance(network, dict) or method in _SAMPLING_DROPOUT:
        return tree
    if network.get("dropout_only_if_sampled") is not True:
        return tree
    no_dropout = {"dropout_after_each": 0.0, "upsample_dropout": 0.0, "level_dropout": {}}
    return {**tree, "network": {**network, **no_dropout}}


class Config(Section):
    """A complete experiment but for its method, which the command line names."""

    name: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    task: Task = "segmentation"
    method: Method = "mc-dropout"
    data: DataConfig
    preprocessing: PreprocessingConfig = PreprocessingConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    network: NetworkConfig
    training: TrainingConfig = TrainingConfig()
    ensemble: EnsembleConfig = EnsembleConfig()
    variational: VariationalConfig = VariationalConfig()
    latent: LatentConfig = LatentConfig()
    prediction: PredictionConfig = PredictionConfig()

    @pydantic.model_validator(mode="before")
    @classmethod
    def _with_defaults_of_task(cls, tree: Any) -> Any:
        """Fill the network and the loss that a task has by default."""
        if not isinstance(tree, dict):
            return tree
        task = tree.get("task", cls.model_fields["task"].default)
        if not isinstance(task, str) or task not in TASKS:
            return tree
        rules = TASKS[task]
        with_network = _with_sampled_dropout(_with_name(tree, "network", rules.networks[0]))
        training = _with_name(tree.get("training", {}), "loss", rules.losses[0])
        return {**with_network, "training": training}

    @pydantic.model_validator(mode="after")
    def _sections_agree(self) -> Config:
        rules = TASKS[self.task]
        check_each(
            lambda: self._require(self.training.loss.name, "training.loss.name", rules.losses),
            lambda: self._require(self.network.name, "network.name", rules.networks),
            lambda: self._require(
                self.training.monitor, "training.monitor", ("loss", rules.quality)
            ),
            lambda: self._check_names(rules),
            lambda: rules.check(self),
            self._check_output,
            self._check_class_weights,
            self._check_additional,
            self._check_dropout,
            self._check_warm_start,
            self._check_warmup,
            self._check_precision,
            self._check_optimizer,
            self._check_upsampling,
            self._check_peak,
            self._check_windows,
            self._check_combination,
            self._check_flips,
            self._check_plane_axis,
            self._check_folds,
        )
        return self

    def _check_names(self, rules: TaskRules) -> None:
        names = getattr(self.data, rules.names)
        if len(names) < rules.fewest:
            raise ValueError(
                f"task {self.task} needs data.{rules.names}: the names of {rules.fewest} or more"
            )

    def _require(self, value: str, key: str, allowed: tuple[str, ...]) -> None:
        if value not in allowed:
            raise ValueError(
                f"{key} '{value}' does not serve task {self.task}; it takes {', '.join(allowed)}"
            )

    def _check_output(self) -> None:
        classes = len(self.data.classes)
        if self.network.output == "sigmoid" and classes != 2:
            raise ValueError(
                f"network.output sigmoid needs two classes, data.classes has {classes}; "
                "set network.output: softmax"
            )

    def _check_class_weights(self) -> None:
        classes = len(self.data.classes)
        weights = self.training.loss.class_weights
        if weights and len(weights) != classes:
            raise ValueError(
                f"training.loss.class_weights has {len(weights)} entries for {classes} classes; "
                "give one each, or remove it, and they follow from the training cases"
            )

    def _check_additional(self) -> None:
        if self.data.additional and not TASKS[self.task].has_volumes:
            raise ValueError(
                f"data.additional serves segmentation, and task is {self.task}; "
                "add the cases to the data set, and remove it"
            )

    def _check_windows(self) -> None:
        if self.prediction.skip_empty != NEVER and self.network.rank != 3:
            raise ValueError(
                "prediction.skip_empty serves networks of three axes, and network.patch_size has "
                f"{self.network.rank} entries; remove it"
            )

    def _check_combination(self) -> None:
        combine = self.prediction.combine
        problem = combination_problem(self, combine)
        if problem:
            raise ValueError(
                f"prediction.combine {combine} {problem}; set prediction.combine: {MEAN}"
            )

    def _check_flips(self) -> None:
        if FLIPS in transforms_of(self.sampled_method) and self.mirroring_swaps_sides:
            raise ValueError(
                f"prediction.tta {self.prediction.tta} mirrors images, names say left, front or "
                "the like, and augmentation.flip_axes is empty; set prediction.tta: affine"
            )

    def _check_plane_axis(self) -> None:
        if self.augmentation.plane_axis is not None and self.network.rank != 3:
            raise ValueError(
                "augmentation.plane_axis serves networks of three axes, and network.patch_size has "
                f"{self.network.rank} entries; remove it"
            )

    def _check_folds(self) -> None:
        if self.has_folds and self.members < 2:
            raise ValueError(
                f"ensemble.subset folds needs two members or more, and method {self.method} has "
                f"{self.members}; train ensemble, hybrid, or vi with variational.members"
            )
        if self.data.split.file and self.data.split.fold is None and not self.has_folds:
            raise ValueError(
                "data.split.file needs fold, the number of one of its folds, from 0, or "
                "ensemble.subset folds, which takes them all"
            )
        training = self.training
        if self.has_folds and (training.early_stopping_epochs or training.has_plateaus):
            raise ValueError(
                "ensemble.subset folds keeps each fold unseen, and training.early_stopping_epochs "
                "and the schedule plateau follow its scores; leave them out"
            )
        if self.has_folds and self.data.split.fold is not None:
            raise ValueError(
                "data.split.fold takes one fold, and ensemble.subset folds takes them all; leave "
                "out one of both"
            )

    def _check_dropout(self) -> None:
        if self.method in _SAMPLING_DROPOUT and not self.network.has_dropout:
            raise ValueError(
                f"method {self.method} needs dropout in the network: "
                "set network.level_dropout or dropout_after_each"
            )

    def _check_warm_start(self) -> None:
        if self.method == "latent-vi" and self.variational.warm_start:
            raise ValueError(
                "variational.warm_start serves method vi alone: a latent network differs from "
                "its backbone; remove it"
            )
        if self.variational.warm_start and self.training.initial_weights:
            raise ValueError(
                "variational.warm_start and training.initial_weights both say where weights start; "
                "remove one of both"
            )

    def _check_precision(self) -> None:
        if self.method == "vi" and self.training.precision == "mixed":
            raise ValueError(
                "training.precision mixed serves layers with point weights, and method vi has "
                "none; remove it"
            )

    def _check_optimizer(self) -> None:
        if self.method in VARIATIONAL and self.training.optimizer == "sgd":
            raise ValueError(
                f"training.optimizer sgd serves methods with point weights, and method "
                f"{self.method} infers widths with adam; set training.optimizer: adam"
            )

    def _check_upsampling(self) -> None:
        if self.method == "vi" and self.network.upsampling == "transposed":
            raise ValueError(
                "network.upsampling transposed serves layers with point weights, and method vi has "
                "none; remove it"
            )

    def _check_peak(self) -> None:
        has_heatmaps = "heatmap-mse" in TASKS[self.task].losses
        if not has_heatmaps and not self.prediction.is_default("heatmap_peak"):
            raise ValueError(
                f"prediction.heatmap_peak serves landmarks, and task is {self.task}; remove it"
            )

    def _check_warmup(self) -> None:
        epochs = self.training.epochs
        if self.width_warmup_epochs >= epochs:
            raise ValueError(
                f"variational.width_warmup_epochs {self.width_warmup_epochs} leaves none of "
                f"training.epochs {epochs} in which widths are inferred; lower it"
            )

    @property
    def width_warmup_epochs(self) -> int:
        """How many epochs hold the widths of variational weights where they start."""
        given = self.variational.width_warmup_epochs
        if self.method not in VARIATIONAL:
            return 0
        if given is not None:
            return given
        if self.variational.warm_start:
            return 0
        return min(self.training.epochs // _WARMUP_PARTS, _LONGEST_WARMUP)

    @property
    def members(self) -> int:
        """How many networks a run of this method trains."""
        if self.method in VARIATIONAL:
            return self.variational.members
        if self.method in ENSEMBLES:
            return self.ensemble.members
        return 1

    @property
    def sampled_method(self) -> str:
        """The name of the method with the test-time augmentation of ``prediction``."""
        return with_tta(self.method, self.prediction.tta)

    @property
    def mirroring_swaps_sides(self) -> bool:
        """Whether names are sides, and the network was not trained on mirrored images."""
        names = [*self.data.classes, *self.data.landmarks]
        return bool(sides_of(names)) and not self.augmentation.flip_axes

    @property
    def has_folds(self) -> bool:
        """Whether each member leaves out another fold of the training cases."""
        return self.ensemble.subset == "folds"

    @property
    def chunk(self) -> int:
        """Examples that the network sees at once, where no GPU's memory says so.

        Slices are small, and a 3D patch fills a device by itself.
        """
        given = self.prediction.chunk
        if isinstance(given, int):
            return given
        if self.network.rank == 2:
            return _CHUNK_OF_SLICES
        return 1

    def dump(self) -> str:
        """YAML that `parse` reads back to an equal object."""
        return write_yaml(self.model_dump())
