"""Files of a predicted case's maps, checked against its label and read block after block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfuq.data.readers.nifti_blocks import Block, NiftiBlocks, nifti_blocks
from tfuq.data.volume import Volume
from tfuq.errors import DataError

_AGAIN = "remove its folder and predict the case again"
_ROUNDING = 1e-3  # of a map's values


@dataclass(frozen=True, kw_only=True)
class StoredProbability:
    """Probabilities ``[X, Y, Z, K]`` that a file has.

    Attributes:
        file: that has them.
    """

    file: NiftiBlocks
    dtype = np.dtype(np.float32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return (*self.file.grid.shape, *self.file.channels)

    def blocks(self) -> Iterator[Block]:
        """One block after another, all of a class before those of the next.

        Raises:
            DataError: the file is damaged, or has what is no probability.
        """
        return checked_blocks(self.file, 1.0)


def require_map(path: Path) -> None:
    """Refuse predictions without a map.

    Raises:
        DataError: it is not there.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: this map is not there; "
            "run the same tfuq predict without --maps, which adds it"
        )


def open_map(path: Path, label: Volume, channels: tuple[int, ...] = ()) -> NiftiBlocks:
    """A map's file, whose header alone is read.

    Args:
        path: of the file.
        label: whose grid it has to be on.
        channels: shape of its channels.

    Raises:
        DataError: it is not there, not on the label's grid, or has other channels.
    """
    require_map(path)
    file = nifti_blocks(path)
    if not file.grid.same_grid(label) or file.channels != channels:
        raise DataError(f"{path}: is not on the grid of its label, or has other channels; {_AGAIN}")
    return file


def read_map(
    path: Path,
    label: Volume,
    top: float,
    channels: tuple[int, ...] = (),
) -> np.ndarray:
    """A map's array.

    Args:
        path: of its file.
        label: whose grid it has to be on.
        top: the largest value that it can have.
        channels: shape of its channels.

    Raises:
        DataError: as of `open_map`, or it has values beyond 0 and ``top``.
    """
    file = open_map(path, label, channels)
    return file.array(checked_blocks(file, top))


def checked_blocks(file: NiftiBlocks, top: float) -> Iterator[Block]:
    """The blocks of a map whose values are within 0 and ``top``.

    Raises:
        DataError: one is not.
    """
    for block in file.blocks():
        if block.values.min() < 0 or block.values.max() > top + _ROUNDING:
            raise DataError(f"{file.path}: has values beyond 0 to {top:.4g}; {_AGAIN}")
        yield block
