"""The configuration of a run: strict, typed, and the same object again when reloaded from the run's ``config.yaml``."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from tfuq.errors import ConfigError, nearest

METHODS = ("deterministic", "mc-dropout", "ensemble", "hybrid", "vi")
ENSEMBLES = ("ensemble", "hybrid")
DEFAULT_DATA_ROOT = "../shared/data"

Method = Literal["deterministic", "mc-dropout", "ensemble", "hybrid", "vi"]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Sizes = Annotated[list[PositiveInt], Field(min_length=2, max_length=3)]


class Section(pydantic.BaseModel):
    """A part of the configuration: unknown keys and wrong types are refused, values never change."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True, frozen=True)


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


class DataConfig(Section):
    """Where the cases are, what their labels mean, and which case serves what."""

    layout: str
    root: str
    source: str
    licence: str
    classes: Annotated[list[str], Field(min_length=2)]
    label_values: dict[int, NonNegativeInt] | None = None
    split: SplitConfig = SplitConfig()

    @pydantic.model_validator(mode="after")
    def _classes_exist(self):
        beyond = sorted(c for c in (self.label_values or {}).values() if c >= len(self.classes))
        if beyond:
            raise ValueError(f"label_values maps to class {beyond[0]}, but classes has 0 to {len(self.classes) - 1}")
        return self


class PreprocessingConfig(Section):
    """Steps from a case's own grid to the network's, in this order; a null one is left out."""

    crop_to_labels: list[PositiveInt] | None = None
    crop_margin: NonNegativeInt = 0
    spacing: Annotated[list[PositiveFloat], Field(min_length=3, max_length=3)] | None = None
    size: Annotated[list[PositiveInt], Field(min_length=3, max_length=3)] | None = None
    window: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
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
    intensity: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    noise: NonNegativeFloat = 0.0


class NetworkConfig(Section):
    """Architecture. ``patch_size`` has one entry per spatial axis and so sets the rank.

    Dropout serves the methods with point weights; a variational network is built without it.
    """

    name: str = "unet"
    patch_size: Sizes
    widths: Annotated[list[PositiveInt], Field(min_length=2)]
    activation: Literal["relu", "elu", "gelu", "selu", "swish", "tanh"] = "relu"
    normalization: Literal["none", "group", "instance"] = "none"
    output: Literal["softmax", "sigmoid"] = "softmax"
    head_filters: PositiveInt | None = None
    level_dropout: dict[PositiveInt, Rate] = {}
    dropout_after_each: Rate = 0.0
    spatial_dropout: bool = False

    @pydantic.model_validator(mode="after")
    def _divisible(self):
        step = 2 ** (len(self.widths) - 1)
        if any(size % step for size in self.patch_size):
            raise ValueError(
                f"patch_size {self.patch_size} must be multiples of {step}, as {len(self.widths)} widths pool by it"
            )
        beyond = [level for level in self.level_dropout if level > len(self.widths)]
        if beyond:
            raise ValueError(f"level_dropout names level {beyond[0]}, but widths has levels 1 to {len(self.widths)}")
        return self

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.patch_size)

    @property
    def has_dropout(self) -> bool:
        """Whether anything in the network drops out."""
        return self.dropout_after_each > 0 or any(self.level_dropout.values())

    def without_dropout(self) -> NetworkConfig:
        """The same network with nothing dropped out."""
        return self.model_copy(update={"dropout_after_each": 0.0, "level_dropout": {}})


class LossConfig(Section):
    """Data term of the objective."""

    name: Literal["cross-entropy", "weighted-cross-entropy", "soft-dice", "dice-ce"] = "dice-ce"
    dice_weight: Fraction = 0.5
    class_weights: list[PositiveFloat] | None = None


class EnsembleConfig(Section):
    """Members differ by seed; optionally by their share of the training cases and by adversarial examples."""

    members: Annotated[int, Field(ge=1, le=100)] = 5
    subset: Literal["none", "bootstrap"] | Annotated[float, Field(gt=0.0, lt=1.0)] = "none"
    adversarial_epsilon: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0


class VariationalConfig(Section):
    """Mean-field Gaussian weights."""

    estimator: Literal["flipout", "reparameterization"] = "flipout"
    initial_scale: PositiveFloat = 0.0067
    prior_scale: PositiveFloat = 1.0
    kl_scale: NonNegativeFloat | Literal["data"] = "data"
    kl_warmup_epochs: NonNegativeInt = 0
    warm_start: str | None = None
    members: Annotated[int, Field(ge=1, le=100)] = 1


class TrainingConfig(Section):
    """Optimization."""

    seed: Seed = 0
    epochs: PositiveInt = 10
    batch_size: PositiveInt = 2
    learning_rate: PositiveFloat = 0.001
    weight_decay: NonNegativeFloat = 0.0
    steps_per_epoch: PositiveInt | None = None
    foreground_share: Fraction = 0.5
    loss: LossConfig = LossConfig()
    early_stopping_epochs: PositiveInt | None = None
    monitor: Literal["loss", "dice"] = "loss"
    cache: bool = True


class PredictionConfig(Section):
    """Sampling. ``chunk``: examples the network sees at once; unlike ``batch_size`` it is part of the result's last bits."""

    samples: Annotated[int, Field(ge=1, le=100_000)] = 20
    seed: Seed = 0
    batch_size: PositiveInt = 8
    chunk: PositiveInt | None = None
    overlap: Annotated[float, Field(ge=0.0, le=0.9)] = 0.5
    min_component_voxels: PositiveInt = 10


class Config(Section):
    """A complete experiment but for its method, which the command line names."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    task: Literal["segmentation"] = "segmentation"
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
        if (self.network.rank == 2) != (self.preprocessing.slice_axis is not None):
            raise ValueError("a 2D patch_size needs preprocessing.slice_axis, and a 3D one needs it null")
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
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)


def shipped() -> dict[str, Path]:
    """The configurations that come with tfuq, by name."""
    return {Path(str(f)).stem: Path(str(f)) for f in resources.files("tfuq_configs").iterdir() if f.name.endswith(".yaml")}


def load(source: str, overrides: tuple[str, ...] = ()) -> Config:
    """Load a file, or a shipped configuration by name, with ``key.subkey=value`` overrides.

    Raises:
        ConfigError: naming the file and key, the value, what is allowed.
    """
    path = Path(source)
    if not path.is_file():
        if source not in shipped():
            raise ConfigError(f"configuration '{source}' is neither a file nor shipped with tfuq{nearest(source, shipped())}")
        path = shipped()[source]
    try:
        return parse(path.read_text(encoding="utf-8"), overrides, where=str(source))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: cannot be read as text ({error}); give a YAML file") from error


def parse(text: str, overrides: tuple[str, ...] = (), *, where: str = "configuration") -> Config:
    """Build a `Config` from YAML text; see `load`."""
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not valid YAML ({_one_line(error)}); check its indentation and quotes") from error
    if not isinstance(tree, dict):
        raise ConfigError(f"{where}: holds a {type(tree).__name__}, not keys and values; see 'configs/' for examples")
    for override in overrides:
        _apply_override(tree, override)
    try:
        tree = _expand(tree, where)
    except RecursionError as error:
        raise ConfigError(f"{where}: an alias in it refers to itself; write the values out") from error
    if isinstance(tree.get("data"), dict) and isinstance(tree["data"].get("root"), str):
        tree["data"]["root"] = os.path.abspath(tree["data"]["root"])  # a run is used from other folders than it was made in
    try:
        return Config.model_validate(tree)
    except pydantic.ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error)}") from error


def _apply_override(tree: dict, override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"override '{override}' is not of the form key.subkey=value, as in training.epochs=5")
    *parents, last = key.split(".")
    for parent in parents:
        if not isinstance(tree.setdefault(parent, {}), dict):
            raise ConfigError(f"override '{override}': '{parent}' is a value, not a section")
        tree = tree[parent]
    try:
        tree[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"override '{override}': the value is not valid YAML ({_one_line(error)})") from error


def _expand(node: Any, where: str) -> Any:
    """Replace ``${NAME}`` by the environment variable; ``TFUQ_DATA`` has a default."""
    if isinstance(node, dict):
        return {key: _expand(value, where) for key, value in node.items()}
    if isinstance(node, list):
        return [_expand(value, where) for value in node]
    if not isinstance(node, str):
        return node

    def value_of(match: re.Match) -> str:
        name = match.group(1)
        default = DEFAULT_DATA_ROOT if name == "TFUQ_DATA" else None
        value = os.environ.get(name, default)
        if value is None:
            raise ConfigError(f"{where}: environment variable {name} is not set; set it or write the path itself")
        return value

    return re.sub(r"\$\{(\w+)\}", value_of, node)


def _explain(error: pydantic.ValidationError) -> str:
    """The first problem in one line, with the nearest known key where a key is unknown."""
    problem = error.errors()[0]
    place = [part for part in problem["loc"] if isinstance(part, (str, int)) and not _is_union_branch(part)]
    key = ".".join(str(part) for part in place) or "configuration"
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{key}'{nearest(str(place[-1]), _known_keys(place[:-1]))}"
    if problem["type"] == "missing":
        return f"key '{key}' is missing and has no default"
    message = problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    shown = "" if isinstance(value, (dict, pydantic.BaseModel)) else f" (value: {value!r:.80})"
    return f"{key}: {message}{shown}"


def _is_union_branch(part: Any) -> bool:
    return isinstance(part, str) and (part in ("int", "str", "float", "bool") or "[" in part)


def _known_keys(place: list) -> list[str]:
    section: Any = Config
    for part in place:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field else section
    return list(getattr(section, "model_fields", {}))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
