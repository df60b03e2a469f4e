"""What samples say of a case, with STAPLE's estimate in the place of their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfuq.data.preprocessing import from_examples
from tfuq.measures.resampled import RunningLabel, deviation_of_label
from tfuq.measures.sample_masks import PackedBits, SampleMasks
from tfuq.measures.staple import Staple, staple
from tfuq.measures.structure import InBoxes
from tfuq.prediction.request import PROBABILITY
from tfuq.prediction.voxel_channels import MEAN, VoxelChannels


@dataclass(frozen=True, kw_only=True)
class StapleChannels:
    """See `VoxelChannels`.

    Attributes:
        channels: of the samples.
        classes: K.
        slice_axis: the axis of the volume along which examples are stacked, if they are slices.
    """

    channels: VoxelChannels
    classes: int
    slice_axis: int | None

    @cached_property
    def _staple(self) -> Staple:
        return staple(self.packed, int(np.prod(self._example_shape)))

    @property
    def _example_shape(self) -> tuple[int, ...]:
        sizes = enumerate(self.shape)
        return tuple(size for axis, size in sizes if axis != self.slice_axis)

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `VoxelChannels.shape`."""
        return self.channels.shape

    @property
    def names(self) -> tuple[str, ...]:
        """See `VoxelChannels.names`."""
        return (*self.channels.names, MEAN)

    @property
    def packed(self) -> PackedBits:
        """See `VoxelChannels.packed`."""
        return self.channels.packed

    @property
    def picked(self) -> np.ndarray | None:
        """See `VoxelChannels.picked`."""
        return self.channels.picked

    def channel(self, name: str, *index: int) -> np.ndarray:
        """See `VoxelChannels.channel`."""
        if name == MEAN:
            return self.channels.channel(PROBABILITY, *index)
        if name == PROBABILITY:
            (k,) = index
            flat = self._staple.probability(k)
            return from_examples(flat.reshape(-1, *self._example_shape), self.slice_axis)
        if name == "standard_deviation":
            return deviation_of_label(lambda k: self.channels.channel("variance", k), self._label)
        return self.channels.channel(name, *index)

    @cached_property
    def _label(self) -> np.ndarray:
        label = RunningLabel(self.shape)
        for k in range(self.classes):
            label.add(k, self.channel(PROBABILITY, k))
        return label.label

    def boxes(self, name: str, *index: int) -> InBoxes:
        """See `VoxelChannels.boxes`."""
        if name in (MEAN, PROBABILITY, "standard_deviation"):
            return self.channel(name, *index)
        return self.channels.boxes(name, *index)

    def masks(self, classes: Sequence[int]) -> SampleMasks:
        """See `VoxelChannels.masks`."""
        return self.channels.masks(classes)
