"""What a configuration may say: all of its sections, and what they must agree on."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import pydantic
from pydantic import Field

from tfuq.config.data import AugmentationConfig, DataConfig, PreprocessingConfig, value_range
from tfuq.config.learning import EnsembleConfig, LatentConfig, PredictionConfig, TrainingConfig, VariationalConfig
from tfuq.config.network import DENSE_NETWORKS, NetworkConfig
from tfuq.config.section import Section
from tfuq.config.text import write_yaml

TASKS = ("segmentation", "classification", "landmarks")
METHODS = ("deterministic", "mc-dropout", "ensemble", "hybrid", "vi", "latent-vi")
TRAINED_AS = {"latent-code": "latent-vi", "latent-weights": "latent-vi"}  # ways to draw from what another method trains
SERVED_METHODS = (*METHODS, *TRAINED_AS)
VARIATIONAL = ("vi", "latent-vi")
ENSEMBLES = ("ensemble", "hybrid")

Task = Literal["segmentation", "classification", "landmarks"]
Method = Literal["deterministic", "mc-dropout", "ensemble", "hybrid", "vi", "latent-vi"]


class TaskRules(NamedTuple):
    """What a task takes: its losses and networks, the list of names it needs with the fewest entries, and the figure of
    merit that ``training.monitor`` may name beside the loss."""

    losses: tuple[str, ...]
    networks: tuple[str, ...]
    names: str
    fewest: int
    quality: str


_VOLUME_STEPS = ("crop_to_labels", "outside_labels", "crop_margin", "spacing", "size", "slice_axis", "min_slice_area")
_INSTEAD = {"landmarks": "set data.annotations.pixel_mm", "classification": "remove it, as classes have no lengths"}
_CROSS_ENTROPIES = ("cross-entropy", "weighted-cross-entropy")
TASK_RULES = {
    "segmentation": TaskRules((*_CROSS_ENTROPIES, "soft-dice", "dice-ce"), DENSE_NETWORKS, "classes", 2, "dice"),
    "classification": TaskRules(_CROSS_ENTROPIES, ("lenet",), "classes", 2, "accuracy"),
    "landmarks": TaskRules(("heatmap-mse", "heatmap-cross-entropy"), DENSE_NETWORKS, "landmarks", 1, "radial_error"),
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
    def _parts_agree(self):
        rules = TASK_RULES[self.task]
        self._require(self.training.loss.name, "training.loss.name", rules.losses)
        self._require(self.network.name, "network.name", rules.networks)
        self._require(self.training.monitor, "training.monitor", ("loss", rules.quality))
        if len(getattr(self.data, rules.names)) < rules.fewest:
            raise ValueError(f"task {self.task} needs data.{rules.names}: the names of {rules.fewest} or more")
        if self.task == "segmentation":
            self._check_grid()
        else:
            self._check_images()
        self._check_classes()
        self._check_method()
        return self

    def _require(self, value: str, key: str, allowed: tuple[str, ...]) -> None:
        if value not in allowed:
            raise ValueError(f"{key} '{value}' does not serve task {self.task}; it takes {', '.join(allowed)}")

    def _check_classes(self) -> None:
        if self.network.output == "sigmoid" and len(self.data.classes) != 2:
            raise ValueError(f"network.output sigmoid needs two classes, data.classes has {len(self.data.classes)}")
        weights = self.training.loss.class_weights
        if weights and len(weights) != len(self.data.classes):
            raise ValueError(f"training.loss.class_weights has {len(weights)} entries for {len(self.data.classes)} classes")

    def _check_method(self) -> None:
        if self.method in ("mc-dropout", "hybrid") and not self.network.has_dropout:
            raise ValueError(
                f"method {self.method} needs dropout in the network: set network.level_dropout or dropout_after_each"
            )
        if self.method == "latent-vi" and self.variational.warm_start:
            raise ValueError(
                "variational.warm_start serves method vi alone: a latent network differs from its backbone; remove it"
            )

    def _check_grid(self) -> None:
        if self.data.rater_folders and self.preprocessing.crop_to_labels:
            raise ValueError("preprocessing.crop_to_labels needs one label of each case, and data.rater_folders has several")
        if (self.network.rank == 2) != (self.preprocessing.slice_axis is not None):
            raise ValueError("a 2D patch_size needs preprocessing.slice_axis, and a 3D one needs it null")
        declared = [value_range(key) for key in self.data.label_values or range(len(self.data.classes))]
        wanted = self.preprocessing.crop_to_labels or ()
        strange = [value for value in wanted if not any(value in values for values in declared)]
        if strange:
            raise ValueError(
                f"preprocessing.crop_to_labels: {strange[0]} is no value that a label may have by data.label_values"
            )

    def _check_images(self) -> None:
        if self.task == "landmarks" and self.network.noise_draws != NetworkConfig.model_fields["noise_draws"].default:
            raise ValueError("network.noise_draws serves logits of classes: remove it; a position's variance needs no draws")
        if self.data.pixel_mm is not None:
            raise ValueError(f"data.pixel_mm serves segmentation alone, and task is {self.task}: {_INSTEAD[self.task]}")
        if self.data.regions:
            raise ValueError(f"data.regions serves segmentation alone, and task is {self.task}: remove it")
        if self.network.rank != 2:
            raise ValueError(f"task {self.task} takes 2D images, but network.patch_size has {self.network.rank} entries")
        for key in _VOLUME_STEPS:
            if getattr(self.preprocessing, key) != PreprocessingConfig.model_fields[key].default:
                raise ValueError(
                    f"preprocessing.{key} serves segmentation alone: remove it; images of task {self.task} are resized to "
                    "network.patch_size"
                )

    @property
    def members(self) -> int:
        """How many networks a run of this method trains."""
        if self.method in VARIATIONAL:
            return self.variational.members
        return self.ensemble.members if self.method in ENSEMBLES else 1

    @property
    def chunk(self) -> int:
        """Examples the network sees at once: slices are small, a 3D patch fills a device by itself."""
        return self.prediction.chunk or (8 if self.network.rank == 2 else 1)

    def dump(self) -> str:
        """YAML that `parse` reads back to an equal object."""
        return write_yaml(self.model_dump())
