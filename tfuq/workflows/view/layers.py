"""Layers of a case: held in memory, or read from a file as far as they are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from tfuq.data.readers.nifti_blocks import NiftiBlocks, nifti_blocks
from tfuq.data.volume import Volume

_SINGLE_FILES = (".nii", ".nii.gz")
_NUMBERS = "iuf"  # kinds of data types, of which colours are none
_MOST_STEP = 16


class Layer(Protocol):
    """What is drawn as one volume."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each axis."""

    def every(self, step: int) -> Volume:
        """Every ``step``-th voxel along each axis, in its own place.

        Args:
            step: 1 for all voxels.

        Raises:
            DataError: its file is damaged.
        """


@dataclass(frozen=True)
class HeldLayer:
    """A volume in memory.

    Attributes:
        volume: ``[X, Y, Z]``, or ``[X, Y, Z, 3]`` in colours.
    """

    volume: Volume

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Layer`."""
        return self.volume.shape

    def every(self, step: int) -> Volume:
        """See `Layer`."""
        steps = _steps(self.shape, step)
        index = tuple(slice(None, None, stride) for stride in steps)
        return Volume(self.volume.array[index], _affine(self.volume, steps))


@dataclass(frozen=True)
class FileLayer:
    """A channel of a NIfTI file, which is read anew each time.

    Attributes:
        blocks: the file.
        channel: its number.
    """

    blocks: NiftiBlocks
    channel: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Layer`."""
        return self.blocks.grid.shape

    def every(self, step: int) -> Volume:
        """See `Layer`."""
        steps = _steps(self.shape, step)
        array = self.blocks.strided(steps, self.channel)
        return Volume(array, _affine(self.blocks.grid, steps))


@dataclass(frozen=True)
class ClassLayer:
    """A mask as a label.

    Attributes:
        mask: with values of 0 and 1.
        number: of the class that the mask is of.
    """

    mask: Layer
    number: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Layer`."""
        return self.mask.shape

    def every(self, step: int) -> Volume:
        """See `Layer`."""
        mask = self.mask.every(step)
        return mask.with_array(np.where(mask.array != 0, self.number, 0).astype(np.uint8))


def _steps(shape: tuple[int, int, int], step: int) -> list[int]:
    """A step for each axis; an axis of one slice keeps it."""
    return [1 if size == 1 else step for size in shape]


def _affine(grid: Volume, steps: list[int]) -> np.ndarray:
    affine: np.ndarray = grid.affine @ np.diag([*steps, 1])
    return affine


def layer_of_channel(paths: Sequence[Path], number: int) -> FileLayer | None:
    """The layer of one of the channels that several files have, one after another.

    Args:
        paths: of an image.
        number: of the channel.

    Returns:
        None of files that are not read in parts: those of other formats, and in colours.

    Raises:
        DataError: a file is missing or damaged.
    """
    for path in paths:
        if not path.name.lower().endswith(_SINGLE_FILES):
            return None
        blocks = nifti_blocks(path)
        if blocks.header.get_data_dtype().kind not in _NUMBERS:
            return None
        count = math.prod(blocks.channels)
        if number < count:
            return FileLayer(blocks, number)
        number -= count
    return None


def step_of(shape: tuple[int, int, int], most: int) -> int:
    """The smallest step that leaves at most so many voxels.

    Args:
        shape: of a layer.
        most: 0 for all voxels.
    """
    step = 1
    while most and step < _MOST_STEP and _left(shape, step) > most:
        step += 1
    return step


def _left(shape: tuple[int, int, int], step: int) -> int:
    """The number of voxels that a step leaves."""
    left = 1
    for size, stride in zip(shape, _steps(shape, step), strict=True):
        left *= -(-size // stride)
    return left
