"""What a configuration may say of networks."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic
from pydantic import Field, PositiveInt

from tfuq.config.section import Rate, Section, Size, Sizes

DENSE_NETWORKS = ("unet", "vnet", "fcn")  # those that put out a map as large as the image
_NOT_OF = {
    "unet": ("dense_widths", "kernel_size"),
    "vnet": ("dense_widths",),
    "fcn": ("dense_widths", "kernel_size", "head_filters", "head_activation", "upsample_dropout"),
    "lenet": ("kernel_size", "head_filters", "head_activation", "upsample_dropout"),
}
_OWN_DEFAULTS = {"vnet": {"activation": "prelu", "kernel_size": 5}}  # as published, where it differs from the others


def _least_lenet_size(convolutions: int) -> int:
    """Rows and columns of which one is left: each but the first convolution takes four, and pooling halves them."""
    size = 1
    for _ in range(convolutions - 1):
        size = 2 * size + 4
    return 2 * size


class NetworkConfig(Section):
    """Architecture. ``patch_size`` has one entry per spatial axis and so sets the rank.

    ``head_activation`` is that of the convolution to ``head_filters``: the network's own, or none.
    ``kernel_size`` is that of V-Net, whose ``activation`` is PReLU if none is given.
    A ``heteroscedastic`` network predicts the variance of its outputs too; that of logits is integrated by ``noise_draws`` draws.
    Dropout serves the methods with point weights; a variational network is built without it.
    """

    name: str = "unet"
    patch_size: Sizes
    widths: Annotated[list[Size], Field(min_length=2, max_length=10)]
    dense_widths: Annotated[list[Size], Field(max_length=10)] = []
    kernel_size: Literal[3, 5] | None = None
    activation: Literal["relu", "elu", "gelu", "selu", "swish", "tanh", "prelu"] = "relu"
    normalization: Literal["none", "group", "instance"] = "none"
    output: Literal["softmax", "sigmoid"] = "softmax"
    head_filters: Size | None = None
    head_activation: Literal["same", "linear"] = "same"
    level_dropout: dict[PositiveInt, Rate] = {}
    upsample_dropout: Rate = 0.0
    dropout_after_each: Rate = 0.0
    spatial_dropout: bool = False
    heteroscedastic: bool = False
    noise_draws: Annotated[int, Field(ge=2, le=1000)] = 10

    @pydantic.model_validator(mode="before")
    @classmethod
    def _as_published(cls, given):
        return _OWN_DEFAULTS.get(str(given.get("name")), {}) | given if isinstance(given, dict) else given

    @pydantic.model_validator(mode="after")
    def _of_the_architecture(self):
        for key in _NOT_OF.get(self.name, ()):
            if getattr(self, key) != NetworkConfig.model_fields[key].default:
                raise ValueError(f"{key} does not serve the network {self.name}: remove it")
        if self.name == "vnet" and self.kernel_size is None:
            raise ValueError("kernel_size of the network vnet must be 3 or 5")
        if self.noise_draws != NetworkConfig.model_fields["noise_draws"].default and not self.heteroscedastic:
            raise ValueError("noise_draws serves a heteroscedastic network: remove it, or set heteroscedastic to true")
        least = _least_lenet_size(len(self.widths))
        if self.name == "lenet" and min(self.patch_size) < least:
            raise ValueError(
                f"patch_size {self.patch_size} is too small for {len(self.widths)} convolutions of lenet: give {least} or more"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _divisible(self):
        step = 2 ** (len(self.widths) - (0 if self.name == "fcn" else 1))  # an FCN pools after its last level too
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
