"""What a configuration may say: every section, its keys, their types and bounds."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

import pydantic
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from tfuq.config.text import write_yaml

TASKS = ("segmentation", "classification", "landmarks")
METHODS = ("deterministic", "mc-dropout", "ensemble", "hybrid", "vi")
ENSEMBLES = ("ensemble", "hybrid")

ClassName = Annotated[str, Field(min_length=1, max_length=100)]
Task = Literal["segmentation", "classification", "landmarks"]
Method = Literal["deterministic", "mc-dropout", "ensemble", "hybrid", "vi"]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]
Size = Annotated[int, Field(gt=0, le=8192)]  # voxels along an axis, filters of a layer
Positive = Annotated[float, Field(gt=0.0, le=1e6)]
Scale = Annotated[float, Field(ge=1e-9, le=1e3)]  # a standard deviation of weights
Intensity = Annotated[float, Field(ge=-1e9, le=1e9)]
Sizes = Annotated[list[Size], Field(min_length=2, max_length=3)]


class Section(pydantic.BaseModel):
    """A part of the configuration: unknown keys and wrong types are refused, values never change."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class SplitConfig(Section):
    """Train / validation / test, as numbers of cases drawn by ``seed`` or as lists of case ids."""

    seed: Seed = 0
    train: PositiveInt | list[str] = 1
    validation: NonNegativeInt | list[str] = 0
    test: NonNegativeInt | list[str] = 0

    @pydantic.model_validator(mode="after")
    def _one_kind(self):
        kinds = {isinstance(part, list) for part in (self.train, self.validation, self.test)}
        if len(kinds) == 2:
            raise ValueError("train, validation and test must all be numbers of cases or all be lists of case ids")
        return self


def value_range(key: int | str) -> range:
    """The label values that a key of ``label_values`` stands for: one, or all of a range such as ``1000-2999``.

    Raises:
        ValueError: neither a value nor a range.
    """
    match = re.fullmatch(r"(\d{1,6})-(\d{1,6})", key) if isinstance(key, str) else None
    if match and int(match[1]) <= int(match[2]):
        return range(int(match[1]), int(match[2]) + 1)
    if isinstance(key, str):
        raise ValueError(f"label_values: '{key}' is neither a whole number nor a range such as 1000-2999")
    return range(key, key + 1)


class AnnotationsConfig(Section):
    """How landmark positions are written: whose, on an image of which size ``[width, height]`` (that of each image for
    null), how many millimetres a pixel of that image is wide, and whether y points up."""

    rater: Literal["senior", "junior", "mean"] = "senior"
    image_size: Annotated[list[Count], Field(min_length=2, max_length=2)] | None = None
    pixel_mm: Positive | None = None
    y_up: bool = False


_LAYOUT_OPTIONS = {
    "folder": ("label_folder",),
    "image-table": ("table",),
    "landmark-table": ("table", "landmarks"),
    "cephalometric2015": ("landmarks",),
    "cephalogram-phantom": ("landmarks",),
}


class DataConfig(Section):
    """Where the cases are, what their labels mean, and which case serves what.

    ``classes`` are what segmentation and classification tell apart, ``landmarks`` the names of the points to find.
    ``table`` is the CSV file of the table layouts, relative to ``root``.
    """

    layout: str
    root: str
    source: str
    licence: str
    classes: Annotated[list[ClassName], Field(max_length=255)] = []
    landmarks: Annotated[list[ClassName], Field(max_length=1000)] = []
    annotations: AnnotationsConfig = AnnotationsConfig()
    table: str | None = None
    label_folder: Annotated[str, Field(pattern=r"^[^/\\]+$")] | None = None
    label_values: dict[int | str, NonNegativeInt] | None = None
    split: SplitConfig = SplitConfig()

    @pydantic.model_validator(mode="after")
    def _classes_exist(self):
        if len(set(self.classes)) < len(self.classes) or "all" in self.classes:
            raise ValueError(f"classes {self.classes} must differ, and 'all' is the name of their mean")
        beyond = sorted(c for c in (self.label_values or {}).values() if c >= len(self.classes))
        if beyond:
            raise ValueError(f"label_values maps to class {beyond[0]}, but classes has 0 to {len(self.classes) - 1}")
        values = [value for key in self.label_values or {} for value in value_range(key)]
        if len(values) != len(set(values)):
            raise ValueError("label_values names a value twice; its ranges must not overlap")
        if self.label_folder and self.layout != "folder":
            raise ValueError(f"label_folder belongs to the layout 'folder', and layout is '{self.layout}'")
        if bool(self.table) != self.layout.endswith("-table"):
            raise ValueError(
                f"table is for the layouts image-table and landmark-table, which need it; layout is '{self.layout}'"
            )
        return self

    @property
    def layout_options(self) -> dict:
        """What the layout is told beside its root."""
        values = {name: getattr(self, name) for name in _LAYOUT_OPTIONS.get(self.layout, ())}
        return {name: value for name, value in values.items() if value}


class PreprocessingConfig(Section):
    """Steps from a case's own grid to the network's, in this order; a null one is left out.

    ``anti_aliasing`` smooths an image before it is resampled to fewer voxels.
    """

    crop_to_labels: list[PositiveInt] | None = None
    crop_margin: Annotated[int, Field(ge=0, le=8192)] = 0
    spacing: Annotated[list[Positive], Field(min_length=3, max_length=3)] | None = None
    size: Annotated[list[Size], Field(min_length=3, max_length=3)] | None = None
    anti_aliasing: bool = False
    window: Annotated[list[Intensity], Field(min_length=2, max_length=2)] | None = None
    normalization: Literal["zscore", "zscore-training", "none"] = "zscore"
    slice_axis: Literal[0, 1, 2] | None = None
    min_slice_area: NonNegativeInt = 0

    @pydantic.model_validator(mode="after")
    def _consistent(self):
        if self.spacing and self.size:
            raise ValueError("spacing and size both resample: keep one and set the other to null")
        if self.window and self.window[0] >= self.window[1]:
            raise ValueError(f"window {self.window} must have its lower bound below its upper")
        return self


class AugmentationConfig(Section):
    """Random changes of training examples; zero turns one off."""

    flip_axes: list[Literal[0, 1, 2]] = []
    rotation_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = 0.0
    scale: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    shift: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    elastic: Annotated[float, Field(ge=0.0, le=1e4)] = 0.0
    elastic_smoothness: Positive = 8.0
    intensity: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    noise: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0


_NOT_OF = {"unet": ("dense_widths",), "lenet": ("head_filters", "head_activation", "upsample_dropout")}


def _least_lenet_size(convolutions: int) -> int:
    """Rows and columns of which one is left: each but the first convolution takes four, and pooling halves them."""
    size = 1
    for _ in range(convolutions - 1):
        size = 2 * size + 4
    return 2 * size


class NetworkConfig(Section):
    """Architecture. ``patch_size`` has one entry per spatial axis and so sets the rank.

    ``head_activation`` is that of the convolution to ``head_filters``: the network's own, or none.
    Dropout serves the methods with point weights; a variational network is built without it.
    """

    name: str = "unet"
    patch_size: Sizes
    widths: Annotated[list[Size], Field(min_length=2, max_length=10)]
    dense_widths: Annotated[list[Size], Field(max_length=10)] = []
    activation: Literal["relu", "elu", "gelu", "selu", "swish", "tanh"] = "relu"
    normalization: Literal["none", "group", "instance"] = "none"
    output: Literal["softmax", "sigmoid"] = "softmax"
    head_filters: Size | None = None
    head_activation: Literal["same", "linear"] = "same"
    level_dropout: dict[PositiveInt, Rate] = {}
    upsample_dropout: Rate = 0.0
    dropout_after_each: Rate = 0.0
    spatial_dropout: bool = False

    @pydantic.model_validator(mode="after")
    def _of_the_architecture(self):
        for key in _NOT_OF.get(self.name, ()):
            if getattr(self, key) != NetworkConfig.model_fields[key].default:
                raise ValueError(f"{key} does not serve the network {self.name}: remove it")
        least = _least_lenet_size(len(self.widths))
        if self.name == "lenet" and min(self.patch_size) < least:
            raise ValueError(
                f"patch_size {self.patch_size} is too small for {len(self.widths)} convolutions of lenet: give {least} or more"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _divisible(self):
        step = 2 ** (len(self.widths) - 1)
        if any(size % step for size in self.patch_size):
            raise ValueError(
                f"patch_size {self.patch_size} must be multiples of {step}, as {len(self.widths)} widths pool by it"
            )
        levels = len(self.widths) + len(self.dense_widths)
        beyond = [level for level in self.level_dropout if level > levels]
        if beyond:
            raise ValueError(f"level_dropout names level {beyond[0]}, but the widths give levels 1 to {levels}")
        return self

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.patch_size)

    @property
    def has_dropout(self) -> bool:
        """Whether anything in the network drops out."""
        return self.dropout_after_each > 0 or self.upsample_dropout > 0 or any(self.level_dropout.values())

    def without_dropout(self) -> NetworkConfig:
        """The same network with nothing dropped out."""
        return self.model_copy(update={"dropout_after_each": 0.0, "upsample_dropout": 0.0, "level_dropout": {}})


class LossConfig(Section):
    """Data term of the objective. ``heatmap_sigma``: standard deviation of a landmark's target in the network's pixels."""

    name: Literal["cross-entropy", "weighted-cross-entropy", "soft-dice", "dice-ce", "heatmap-mse", "heatmap-cross-entropy"] = (
        "dice-ce"
    )
    dice_weight: Fraction = 0.5
    class_weights: list[Positive] | None = None
    heatmap_sigma: Annotated[float, Field(ge=0.5, le=100.0)] = 2.0


class EnsembleConfig(Section):
    """Members differ by seed; optionally by their share of the training cases and by adversarial examples."""

    members: Annotated[int, Field(ge=1, le=100)] = 5
    subset: Literal["none", "bootstrap"] | Annotated[float, Field(gt=0.0, lt=1.0)] = "none"
    adversarial_epsilon: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0


class VariationalConfig(Section):
    """Mean-field Gaussian weights."""

    estimator: Literal["flipout", "reparameterization"] = "flipout"
    initial_scale: Scale = 0.0067
    prior_scale: Scale = 1.0
    kl_scale: NonNegativeFloat | Literal["data"] = "data"
    kl_warmup_epochs: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    warm_start: str | None = None
    members: Annotated[int, Field(ge=1, le=100)] = 1


class TrainingConfig(Section):
    """Optimization. ``schedule`` cosine lowers the learning rate epoch by epoch towards 0 (Loshchilov & Hutter 2017)."""

    seed: Seed = 0
    epochs: Count = 10
    batch_size: Count = 2
    learning_rate: Positive = 0.001
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    steps_per_epoch: Count | None = None
    foreground_share: Fraction = 0.5
    loss: LossConfig = LossConfig()
    early_stopping_epochs: Count | None = None
    monitor: Literal["loss", "dice", "accuracy", "radial_error"] = "loss"
    cache: bool = True


class PredictionConfig(Section):
    """Sampling. ``chunk``: examples the network sees at once; unlike ``batch_size`` it is part of the result's last bits."""

    samples: Annotated[int, Field(ge=1, le=100_000)] = 20
    seed: Seed = 0
    batch_size: Count = 8
    chunk: Count | None = None
    overlap: Annotated[float, Field(ge=0.0, le=0.9)] = 0.5
    min_component_voxels: Count = 10


class TaskRules(NamedTuple):
    """What a task takes: its losses and networks, the list of names it needs with the fewest entries, and the figure of
    merit that ``training.monitor`` may name beside the loss."""

    losses: tuple[str, ...]
    networks: tuple[str, ...]
    names: str
    fewest: int
    quality: str


_VOLUME_STEPS = ("crop_to_labels", "crop_margin", "spacing", "size", "slice_axis", "min_slice_area")
_CROSS_ENTROPIES = ("cross-entropy", "weighted-cross-entropy")
TASK_RULES = {
    "segmentation": TaskRules((*_CROSS_ENTROPIES, "soft-dice", "dice-ce"), ("unet",), "classes", 2, "dice"),
    "classification": TaskRules(_CROSS_ENTROPIES, ("lenet",), "classes", 2, "accuracy"),
    "landmarks": TaskRules(("heatmap-mse", "heatmap-cross-entropy"), ("unet",), "landmarks", 1, "radial_error"),
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
        if self.network.output == "sigmoid" and len(self.data.classes) != 2:
            raise ValueError(f"network.output sigmoid needs two classes, data.classes has {len(self.data.classes)}")
        weights = self.training.loss.class_weights
        if weights and len(weights) != len(self.data.classes):
            raise ValueError(f"training.loss.class_weights has {len(weights)} entries for {len(self.data.classes)} classes")
        if self.method in ("mc-dropout", "hybrid") and not self.network.has_dropout:
            raise ValueError(
                f"method {self.method} needs dropout in the network: set network.level_dropout or dropout_after_each"
            )
        return self

    def _require(self, value: str, key: str, allowed: tuple[str, ...]) -> None:
        if value not in allowed:
            raise ValueError(f"{key} '{value}' does not serve task {self.task}; it takes {', '.join(allowed)}")

    def _check_grid(self) -> None:
        if (self.network.rank == 2) != (self.preprocessing.slice_axis is not None):
            raise ValueError("a 2D patch_size needs preprocessing.slice_axis, and a 3D one needs it null")

    def _check_images(self) -> None:
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
        if self.method == "vi":
            return self.variational.members
        return self.ensemble.members if self.method in ENSEMBLES else 1

    @property
    def chunk(self) -> int:
        """Examples the network sees at once: slices are small, a 3D patch fills a device by itself."""
        return self.prediction.chunk or (8 if self.network.rank == 2 else 1)

    def dump(self) -> str:
        """YAML that `parse` reads back to an equal object."""
        return write_yaml(self.model_dump())
