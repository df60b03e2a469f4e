"""The configuration as a whole: all of its sections, and what they must agree on."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, Field

from tfuq.config.ambiguity import ProbabilisticConfig, StochasticConfig
from tfuq.config.combination import MEAN, combination_problem
from tfuq.config.data import DataConfig
from tfuq.config.diversity import check_diversity
from tfuq.config.ensemble import FOLDS, SNAPSHOTS, EnsembleConfig
from tfuq.config.learning import (
    NEVER,
    LatentConfig,
    PredictionConfig,
    TrainingConfig,
    VariationalConfig,
)
from tfuq.config.methods import (
    FLIPS,
    MEMBERS_IN,
    OF_LABELS,
    STOCHASTIC,
    SWAG,
    VARIATIONAL,
    Method,
    transforms_of,
    with_tta,
)
from tfuq.config.names import sides_of
from tfuq.config.network import NetworkConfig
from tfuq.config.preparation import AugmentationConfig, PreprocessingConfig
from tfuq.config.section import Section, check_each
from tfuq.config.swag import SwagConfig, check_swag
from tfuq.config.tasks import TASKS, TaskRules
from tfuq.config.text import write_yaml
from tfuq.config.weights import (
    check_frozen,
    check_optimizer,
    check_point_weights,
    check_start,
)
from tfuq.errors import nearest

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
    return [
        f"method={chosen}",
        f"{MEMBERS_IN[chosen]}.members={folds}",
        f"ensemble.diversity={FOLDS}",
    ]


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
    swag: SwagConfig = SwagConfig()
    probabilistic: ProbabilisticConfig = ProbabilisticConfig()
    stochastic: StochasticConfig = StochasticConfig()
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
            self._check_labels,
            lambda: check_start(self),
            lambda: check_frozen(self),
            self._check_warmup,
            lambda: check_point_weights(self),
            lambda: check_optimizer(self),
            self._check_peak,
            self._check_windows,
            self._check_combination,
            self._check_flips,
            self._check_plane_axis,
            self._check_fold_of_file,
            lambda: check_diversity(self),
            lambda: check_swag(self),
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

    def _check_fold_of_file(self) -> None:
        if self.data.split.file and self.data.split.fold is None and not self.has_folds:
            raise ValueError(
                "data.split.file needs fold, the number of one of its folds, from 0, or "
                "ensemble.diversity folds, which takes them all"
            )

    def _check_dropout(self) -> None:
        if self.method in _SAMPLING_DROPOUT and not self.network.has_dropout:
            raise ValueError(
                f"method {self.method} needs dropout in the network: "
                "set network.level_dropout or dropout_after_each"
            )

    def _check_labels(self) -> None:
        if self.method in OF_LABELS and not TASKS[self.task].has_volumes:
            raise ValueError(
                f"method {self.method} serves segmentation, and task is {self.task}; set method: "
                "ensemble"
            )
        if self.method == STOCHASTIC and self.network.heteroscedastic:
            raise ValueError(
                f"network.heteroscedastic gives logits a variance, as method {self.method} does by "
                "itself; remove it"
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
        if self.method not in MEMBERS_IN:
            return 1
        count: int = getattr(self, MEMBERS_IN[self.method]).members
        return count

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
        return self.ensemble.diversity == FOLDS

    @property
    def keeps_last_epoch(self) -> bool:
        """Whether a member has the weights of its last epoch, and not those of the best one."""
        return self.ensemble.diversity in (FOLDS, SNAPSHOTS) or self.method == SWAG

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
