"""What a configuration may say of networks, how they are trained, and how they are drawn from."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic
from pydantic import Field, NonNegativeFloat, PositiveInt

from tfuq.config.section import Count, Fraction, Positive, Rate, Scale, Section, Seed, Size, Sizes

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
