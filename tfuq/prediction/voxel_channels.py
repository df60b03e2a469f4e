"""What the samples of one case say about its voxels, one channel at a time.

Everything after the network reads the statistics by `VoxelChannels` alone. They may lie in memory,
or on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tfuq.data.preprocessing import from_examples
from tfuq.measures.sample_masks import PackedBits, SampleMasks
from tfuq.measures.structure import InBoxes
from tfuq.tasks.records import VoxelStatistics, gathered

MEAN = "mean"  # the field of the mean of samples, where the probability is another combination


class VoxelChannels(Protocol):
    """Statistics of one case's samples, on the network's grid without padding.

    The axes are those of the prepared volume.
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the prepared volume, ``[X, Y, Z]``."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of `tfuq.tasks.records.VoxelStatistics` that there are."""

    @property
    def packed(self) -> PackedBits:
        """Every sample's masks, uint8 ``[n, T, K − 1, bytes]``, in memory or on disk.

        n examples, as `tfuq.measures.sample_masks.StoredSamples` has them. What reads it takes one
        sample and one class at a time.
        """

    @property
    def picked(self) -> np.ndarray | None:
        """Samples at chosen voxels, see `tfuq.tasks.records.DistributionStatistics`."""

    def channel(self, name: str, *index: int) -> np.ndarray:
        """A statistic of every voxel, float32 ``[X, Y, Z]``.

        Args:
            name: Of the field.
            index: Class k, or region r, of a field that has an array for each; member m and class k
                of ``members``; nothing of a scalar map.

        Raises:
            RunError: There is no such field.
        """

    def boxes(self, name: str, *index: int) -> InBoxes:
        """The same statistic, of which boxes are taken; on disk, no more than a box is read.

        Args:
            name: As of `channel`.
            index: As of `channel`.
        """

    def masks(self, classes: Sequence[int]) -> SampleMasks:
        """Every sample's mask of the union of some classes.

        Args:
            classes: One or several of 1 … K − 1.
        """


@dataclass(frozen=True, kw_only=True)
class ChannelsInMemory:
    """The channels of a record that is whole in memory.

    Attributes:
        statistics: Of the examples of one case, without padding.
        slice_axis: The axis of the volume along which examples are stacked, if they are slices.
    """

    statistics: VoxelStatistics
    slice_axis: int | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `VoxelChannels.shape`."""
        shape: tuple[int, int, int] = self.channel("predictive_entropy").shape
        return shape

    @property
    def names(self) -> tuple[str, ...]:
        """See `VoxelChannels.names`."""
        return tuple(self.statistics.arrays())

    @property
    def packed(self) -> np.ndarray:
        """See `VoxelChannels.packed`."""
        return self.statistics.masks

    @property
    def picked(self) -> np.ndarray | None:
        """See `VoxelChannels.picked`."""
        return self.statistics.picked

    def channel(self, name: str, *index: int) -> np.ndarray:
        """See `VoxelChannels.channel`. It is a view of the record."""
        array = gathered(getattr(self.statistics, name), name)
        if name == "members":
            member, k = index
            return from_examples(array[:, member, ..., k], self.slice_axis)
        for position in reversed(index):
            array = array[..., position]
        return from_examples(array, self.slice_axis)

    def boxes(self, name: str, *index: int) -> np.ndarray:
        """See `VoxelChannels.boxes`."""
        return self.channel(name, *index)

    def masks(self, classes: Sequence[int]) -> SampleMasks:
        """See `VoxelChannels.masks`."""
        sizes = enumerate(self.shape)
        example_shape = tuple(size for axis, size in sizes if axis != self.slice_axis)
        return SampleMasks.of_classes(self.packed, classes, example_shape, self.slice_axis)
