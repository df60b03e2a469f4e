"""The configuration as a whole: all of its sections, and what they must agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from tfuq.config.data import AugmentationConfig, DataConfig, PreprocessingConfig, value_range
from tfuq.config.learning import (
    EnsembleConfig,
    LatentConfig,
    PredictionConfig,
    TrainingConfig,
    VariationalConfig,
)
from tfuq.config.network import DENSE_NETWORKS, NetworkConfig
from tfuq.config.section import Section
from tfuq.config.text import write_yaml

TASKS = ("segmentation", "classification", "landmarks")
METHODS = ("deterministic", "mc-dropout", "ensemble", "hybrid", "vi", "latent-vi")
# Methods that sample what another method trains.
TRAINED_AS = {"latent-code": "latent-vi", "latent-weights": "latent-vi"}
SERVED_METHODS = (*METHODS, *TRAINED_AS)
VARIATIONAL = ("vi", "latent-vi")
ENSEMBLES = ("ensemble", "hybrid")

Task = Literal["segmentation", "classification", "landmarks"]
Method = Literal["deterministic", "mc-dropout", "ensemble", "hybrid", "vi", "latent-vi"]

_CHUNK_OF_SLICES = 8


@dataclass(frozen=True, kw_only=True)
class TaskRules:
    """What a task takes.

    Attributes:
        losses: names of its losses.
        networks: names of its networks.
        names: the list of names in ``data`` that it needs.
        fewest: the fewest entries of that list.
        quality: the figure of merit that ``training.monitor`` may name instead of the loss.
    """

    losses: tuple[str, ...]
    networks: tuple[str, ...]
    names: str
    fewest: int
    quality: str


_CROSS_ENTROPIES = ("cross-entropy", "weighted-cross-entropy")
TASK_RULES = {
    "segmentation": TaskRules(
        losses=(*_CROSS_ENTROPIES, "soft-dice", "dice-ce"),
        networks=DENSE_NETWORKS,
        names="classes",
        fewest=2,
        quality="dice",
    ),
    "classification": TaskRules(
        losses=_CROSS_ENTROPIES, networks=("lenet",), names="classes", fewest=2, quality="accuracy"
    ),
    "landmarks": TaskRules(
        losses=("heatmap-mse", "heatmap-cross-entropy"),
        networks=DENSE_NETWORKS,
        names="landmarks",
        fewest=1,
        quality="radial_error",
    ),
}
_VOLUME_STEPS = (
    "crop_to_labels",
    "outside_labels",
    "crop_margin",
    "spacing",
    "size",
    "slice_axis",
    "min_slice_area",
)
_PIXEL_MM_REMEDIES = {
    "landmarks": "set data.annotations.pixel_mm",
    "classification": "remove it, as classes have no lengths",
}


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

    @pydantic.model_validator(mode="after")
    def _sections_agree(self) -> Config:
        self._check_task()
        if self.task == "segmentation":
            self._check_grid()
        else:
            self._check_images()
        self._check_classes()
        self._check_method()
        return self

    def _check_task(self) -> None:
        rules = TASK_RULES[self.task]
        self._require(self.training.loss.name, "training.loss.name", rules.losses)
        self._require(self.network.name, "network.name", rules.networks)
        self._require(self.training.monitor, "training.monitor", ("loss", rules.quality))
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

    def _check_classes(self) -> None:
        classes = len(self.data.classes)
        if self.network.output == "sigmoid" and classes != 2:
            raise ValueError(
                f"network.output sigmoid needs two classes, data.classes has {classes}"
            )
        weights = self.training.loss.class_weights
        if weights and len(weights) != classes:
            raise ValueError(
                f"training.loss.class_weights has {len(weights)} entries for {classes} classes"
            )

    def _check_method(self) -> None:
        if self.method in ("mc-dropout", "hybrid") and not self.network.has_dropout:
            raise ValueError(
                f"method {self.method} needs dropout in the network: "
                "set network.level_dropout or dropout_after_each"
            )
        if self.method == "latent-vi" and self.variational.warm_start:
            raise ValueError(
                "variational.warm_start serves method vi alone: a latent network differs from "
                "its backbone; remove it"
            )

    def _check_grid(self) -> None:
        """Check what segmentation needs."""
        if self.data.rater_folders and self.preprocessing.crop_to_labels:
            raise ValueError(
                "preprocessing.crop_to_labels needs one label of each case, and "
                "data.rater_folders has several"
            )
        has_slices = self.preprocessing.slice_axis is not None
        if (self.network.rank == 2) != has_slices:
            raise ValueError(
                "a 2D patch_size needs preprocessing.slice_axis, and a 3D one needs it null"
            )
        for value in self.preprocessing.crop_to_labels or ():
            if not self._is_label_value(value):
                raise ValueError(
                    f"preprocessing.crop_to_labels: {value} is no value that a label may have by "
                    "data.label_values"
                )

    def _is_label_value(self, value: int) -> bool:
        """Whether the label files may have a value."""
        keys = self.data.label_values or range(len(self.data.classes))
        return any(value in value_range(key) for key in keys)

    def _check_images(self) -> None:
        """Check what classification and landmarks need."""
        if self.task == "landmarks" and not self.network.is_default("noise_draws"):
            raise ValueError(
                "network.noise_draws serves logits of classes: remove it; "
                "a position's variance needs no draws"
            )
        if self.data.pixel_mm is not None:
            raise ValueError(
                f"data.pixel_mm serves segmentation alone, and task is {self.task}: "
                f"{_PIXEL_MM_REMEDIES[self.task]}"
            )
        if self.data.regions:
            raise ValueError(
                f"data.regions serves segmentation alone, and task is {self.task}: remove it"
            )
        if self.network.rank != 2:
            raise ValueError(
                f"task {self.task} takes 2D images, but network.patch_size has "
                f"{self.network.rank} entries"
            )
        for key in _VOLUME_STEPS:
            if not self.preprocessing.is_default(key):
                raise ValueError(
                    f"preprocessing.{key} serves segmentation alone: remove it; images of task "
                    f"{self.task} are resized to network.patch_size"
                )

    @property
    def members(self) -> int:
        """How many networks a run of this method trains."""
        if self.method in VARIATIONAL:
            return self.variational.members
        if self.method in ENSEMBLES:
            return self.ensemble.members
        return 1

    @property
    def chunk(self) -> int:
        """Examples that the network sees at once.

        Slices are small, and a 3D patch fills a device by itself.
        """
        if self.prediction.chunk:
            return self.prediction.chunk
        if self.network.rank == 2:
            return _CHUNK_OF_SLICES
        return 1

    def dump(self) -> str:
        """YAML that `parse` reads back to an equal object."""
        return write_yaml(self.model_dump())
