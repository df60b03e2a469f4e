"""Probabilities of a volume's classes, of which one at a time is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfuq.data.readers.nifti_blocks import Block
from tfuq.measures.resampled import RunningLabel
from tfuq.prediction.voxel_channels import VoxelChannels
from tfuq.scoring.evaluation.voxels import blocks_of


@dataclass(frozen=True)
class ChannelProbability:
    """Probabilities ``[X, Y, Z, K]``, see `tfuq.scoring.evaluation.voxels.Probability`.

    Attributes:
        channels: What the samples say.
        classes: K.
    """

    channels: VoxelChannels
    classes: int
    dtype = np.dtype(np.float32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return (*self.channels.shape, self.classes)

    def blocks(self) -> Iterator[Block]:
        """One block after another, all of a class before those of the next."""
        return blocks_of(self._by_class())

    def label(self) -> np.ndarray:
        """The first of the likeliest classes of each voxel, uint8 ``[X, Y, Z]``."""
        running = RunningLabel(self.channels.shape)
        for k, values in enumerate(self._by_class()):
            running.add(k, values)
        return running.label

    def array(self) -> np.ndarray:
        """All classes together."""
        return np.stack([*self._by_class()], -1)

    def _by_class(self) -> Iterator[np.ndarray]:
        for k in range(self.classes):
            yield self.channels.channel("probability", k)
