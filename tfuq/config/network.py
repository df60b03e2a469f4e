"""Networks in a configuration."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field, PositiveInt

from tfuq.config.section import Rate, Section, Size, Sizes, check_each

# Their output is a map as large as the image.
DENSE_NETWORKS = ("unet", "vnet", "fcn", "residual-unet")
_OF_DECODERS = ("head_filters", "head_activation", "upsample_dropout", "upsampling")
_OF_LEVELS = ("kernels", "strides", "deep_supervision")
_UNUSED_KEYS = {
    "unet": ("dense_widths", "kernel_size", "blocks", *_OF_LEVELS),
    "vnet": ("dense_widths", "blocks", *_OF_LEVELS),
    "fcn": ("dense_widths", "kernel_size", "blocks", *_OF_DECODERS, *_OF_LEVELS),
    "residual-unet": ("dense_widths", "kernel_size", "upsampling"),
    "lenet": ("kernel_size", "blocks", *_OF_DECODERS, *_OF_LEVELS),
    "resnet": ("dense_widths", "kernel_size", *_OF_DECODERS, *_OF_LEVELS),
}
# As published, where it differs from the other networks.
NETWORK_DEFAULTS: dict[str, dict[str, Any]] = {
    "vnet": {"activation": "prelu", "kernel_size": 5},
    "residual-unet": {"activation": "leaky-relu", "normalization": "instance"},
}
_KERNEL = 3  # of a convolution, along every axis
_STRIDE = 2  # from a level to the next one, along every axis
_LEAST_SUPERVISED = 3  # levels, of which two are of a decoder
_MOST_LEVELS = 10

Blocks = Annotated[int, Field(ge=1, le=100)]
# One entry for each spatial axis.
KernelSizes = Annotated[list[Literal[1, 3, 5, 7]], Field(min_length=2, max_length=3)]
Strides = Annotated[list[Literal[1, 2]], Field(min_length=2, max_length=3)]


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
    each stage of the network resnet and in each encoder level of residual-unet, whose stages or
    levels have the ``widths``: one number for all, or a list. A ``heteroscedastic`` network
    predicts the variance of its outputs too; that of logits is integrated by ``noise_draws`` random
    numbers.

    Of residual-unet alone: ``kernels`` has the sizes of the convolutions of each level along each
    axis, null for 3. ``strides`` has the steps from each level to the next one, one entry fewer;
    null for 2. Scans of thick slices are served by a 1 along their axis in the first levels. With
    ``deep_supervision``, each level of the decoder predicts on its own grid in training, and the
    loss is the weighted mean over the levels, with weights of 1, 1/2, 1/4 and so on. Prediction has
    the finest output alone. If not given, ``activation`` is leaky-relu and ``normalization`` is
    instance.

    ``normalization``: with ``batch``, means and variances are those of a batch in training, and
    their moving averages in prediction. ``upsampling``, of unet and vnet: ``nearest`` neighbours
    and a convolution of size two, or a ``transposed`` convolution of size two.

    Dropout serves the methods with point weights; a variational network is built without it. With
    ``dropout_only_if_sampled``, so are networks of the methods that sample no dropout.
    """

    name: str = "unet"
    patch_size: Sizes
    widths: Annotated[list[Size], Field(min_length=2, max_length=_MOST_LEVELS)]
    dense_widths: Annotated[list[Size], Field(max_length=10)] = []
    blocks: Blocks | Annotated[list[Blocks], Field(max_length=_MOST_LEVELS)] = 2
    kernel_size: Literal[3, 5] | None = None
    kernels: Annotated[list[KernelSizes], Field(max_length=_MOST_LEVELS)] | None = None
    strides: Annotated[list[Strides], Field(max_length=_MOST_LEVELS)] | None = None
    deep_supervision: bool = False
    activation: Literal["relu", "elu", "gelu", "selu", "swish", "tanh", "prelu", "leaky-relu"] = (
        "relu"
    )
    normalization: Literal["none", "group", "instance", "batch"] = "none"
    upsampling: Literal["nearest", "transposed"] = "nearest"
    output: Literal["softmax", "sigmoid"] = "softmax"
    head_filters: Size | None = None
    head_activation: Literal["same", "linear"] = "same"
    level_dropout: dict[PositiveInt, Rate] = {}
    upsample_dropout: Rate = 0.0
    dropout_after_each: Rate = 0.0
    spatial_dropout: bool = False
    dropout_only_if_sampled: bool = False
    heteroscedastic: bool = False
    noise_draws: Annotated[int, Field(ge=2, le=1000)] = 10

    @pydantic.model_validator(mode="before")
    @classmethod
    def _as_published(cls, tree: Any) -> Any:
        if not isinstance(tree, dict):
            return tree
        defaults = NETWORK_DEFAULTS.get(str(tree.get("name")), {})
        return defaults | tree

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> NetworkConfig:
        check_each(
            self._check_keys,
            self._check_lenet_size,
            self._check_lists,
            self._check_supervision,
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

    def _check_lists(self) -> None:
        """Refuse lists that do not have an entry for each level, or for each axis."""
        levels = len(self.widths)
        if isinstance(self.blocks, list):
            self._require_entries("blocks", self.blocks, levels)
        for key, entries, count in (
            ("kernels", self.kernels, levels),
            ("strides", self.strides, levels - 1),
        ):
            if entries is None:
                continue
            self._require_entries(key, entries, count)
            if any(len(entry) != self.rank for entry in entries):
                raise ValueError(
                    f"{key} {entries} must have {self.rank} numbers in each entry, as patch_size "
                    f"has {self.rank} axes"
                )

    def _require_entries(self, key: str, entries: list[Any], count: int) -> None:
        if len(entries) != count:
            raise ValueError(
                f"{key} has {len(entries)} entries and should have {count}, as there are "
                f"{len(self.widths)} widths"
            )

    def _check_supervision(self) -> None:
        if self.deep_supervision and len(self.widths) < _LEAST_SUPERVISED:
            raise ValueError(
                f"deep_supervision needs {_LEAST_SUPERVISED} widths or more, and there are "
                f"{len(self.widths)}: remove it, or add a width"
            )

    def _check_divisible(self) -> None:
        steps = self._voxels_of_coarsest()
        remainders = [size % step for size, step in zip(self.patch_size, steps, strict=True)]
        if any(remainders):
            allowed = str(steps[0])
            if len(set(steps)) > 1:
                allowed = f"{steps} along its axes"
            raise ValueError(
                f"patch_size {self.patch_size} must be multiples of {allowed}, "
                f"as {len(self.widths)} widths pool by it"
            )

    def _voxels_of_coarsest(self) -> list[int]:
        """Voxels along each axis that an element of the coarsest map spans."""
        has_own_strides = self.strides and all(len(entry) == self.rank for entry in self.strides)
        if has_own_strides:
            return [math.prod(along) for along in zip(*self.strides_of_levels, strict=True)]
        poolings = len(self.widths) - 1
        if self.name == "fcn":  # it pools after its last level too
            poolings += 1
        return [2**poolings] * self.rank

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
    def blocks_of_levels(self) -> list[int]:
        """Residual blocks of each level."""
        if isinstance(self.blocks, list):
            return self.blocks
        return [self.blocks] * len(self.widths)

    @property
    def kernels_of_levels(self) -> list[list[int]]:
        """Sizes of the convolutions of each level, along each axis."""
        if self.kernels is None:
            return [[_KERNEL] * self.rank] * len(self.widths)
        return [list(sizes) for sizes in self.kernels]

    @property
    def strides_of_levels(self) -> list[list[int]]:
        """Steps from each level to the next one, along each axis."""
        if self.strides is None:
            return [[_STRIDE] * self.rank] * (len(self.widths) - 1)
        return [list(steps) for steps in self.strides]

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
