"""Networks in a configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field, PositiveInt

from tfuq.config.section import Rate, Section, Size, Sizes, check_each

DENSE_NETWORKS = ("unet", "vnet", "fcn")  # their output is a map as large as the image
_OF_DECODERS = ("head_filters", "head_activation", "upsample_dropout")
_UNUSED_KEYS = {
    "unet": ("dense_widths", "kernel_size", "blocks"),
    "vnet": ("dense_widths", "blocks"),
    "fcn": ("dense_widths", "kernel_size", "blocks", *_OF_DECODERS),
    "lenet": ("kernel_size", "blocks", *_OF_DECODERS),
    "resnet": ("dense_widths", "kernel_size", *_OF_DECODERS),
}
# As published, where it differs from the other networks.
_DEFAULTS = {"vnet": {"activation": "prelu", "kernel_size": 5}}


def _least_lenet_size(convolutions: int) -> int:
    """Rows and columns of an image of which one is left.

    Each convolution but the first takes four, and pooling halves them.
    """
    size = 1
    for _ in range(convolutions - 1):
        size = 2 * size + 4
    return 2 * size


class NetworkConfig(Section):
    """Architecture.

    ``patch_size`` has one entry per spatial axis and so sets the rank. ``head_activation`` is that
    of the convolution to ``head_filters``: the network's own, or none. ``kernel_size`` is that of
    V-Net, whose ``activation`` is PReLU if none is given. ``blocks`` are the residual blocks in
    each stage of the network resnet, whose stages have the ``widths``. A ``heteroscedastic``
    network predicts the variance of its outputs too; that of logits is integrated by
    ``noise_draws`` random numbers.

    Dropout serves the methods with point weights; a variational network is built without it.
    """

    name: str = "unet"
    patch_size: Sizes
    widths: Annotated[list[Size], Field(min_length=2, max_length=10)]
    dense_widths: Annotated[list[Size], Field(max_length=10)] = []
    blocks: Annotated[int, Field(ge=1, le=100)] = 2
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
    def _as_published(cls, tree: Any) -> Any:
        if not isinstance(tree, dict):
            return tree
        defaults = _DEFAULTS.get(str(tree.get("name")), {})
        return defaults | tree

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> NetworkConfig:
        check_each(
            self._check_keys,
            self._check_lenet_size,
            self._check_divisible,
            self._check_levels,
        )
        return self

    def _check_keys(self) -> None:
        """Refuse keys that the network does not use, and missing ones."""
        for key in _UNUSED_KEYS.get(self.name, ()):
            if not self.is_default(key):
                raise ValueError(f"{key} does not serve the network {self.name}: remove it")
        if self.name == "vnet" and self.kernel_size is None:
            raise ValueError("kernel_size of the network vnet must be 3 or 5")
        if not self.is_default("noise_draws") and not self.heteroscedastic:
            raise ValueError(
                "noise_draws serves a heteroscedastic network: remove it, or set heteroscedastic "
                "to true"
            )

    def _check_lenet_size(self) -> None:
        least = _least_lenet_size(len(self.widths))
        if self.name == "lenet" and min(self.patch_size) < least:
            raise ValueError(
                f"patch_size {self.patch_size} is too small for {len(self.widths)} convolutions of "
                f"lenet: give {least} or more"
            )

    def _check_divisible(self) -> None:
        poolings = len(self.widths) - 1
        if self.name == "fcn":  # it pools after its last level too
            poolings += 1
        step = 2**poolings
        if any(size % step for size in self.patch_size):
            raise ValueError(
                f"patch_size {self.patch_size} must be multiples of {step}, "
                f"as {len(self.widths)} widths pool by it"
            )

    def _check_levels(self) -> None:
        levels = len(self.widths) + len(self.dense_widths)
        beyond = [level for level in self.level_dropout if level > levels]
        if beyond:
            raise ValueError(
                f"level_dropout names level {beyond[0]}, but the widths give levels 1 to {levels}"
            )

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.patch_size)

    @property
    def has_dropout(self) -> bool:
        """Whether the network has any dropout."""
        if self.dropout_after_each > 0 or self.upsample_dropout > 0:
            return True
        return any(self.level_dropout.values())

    def without_dropout(self) -> NetworkConfig:
        """The same network without any dropout."""
        no_dropout = {"dropout_after_each": 0.0, "upsample_dropout": 0.0, "level_dropout": {}}
        return self.model_copy(update=no_dropout)
