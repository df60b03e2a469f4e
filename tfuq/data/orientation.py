"""The order and the direction of a volume's axes, and exact turns from one to another.

An orientation is named by where the axes point, as nibabel does: of ``RAS``, the first axis points
to the patient's right, the second to the front (anterior), the third to the head (superior). The
axes of an oblique scan are named by the nearest of these directions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    import nibabel
else:
    nibabel = ModuleOnUse("nibabel")

CLOSEST = "RAS"  # what volumes of several orientations are brought to


def orientation_of(affine: np.ndarray) -> str:
    """The name of the orientation of axes.

    Args:
        affine: From voxels to millimetres, ``[4, 4]``.
    """
    return "".join(nibabel.aff2axcodes(affine))


def common_orientation(names: Iterable[str]) -> str:
    """The orientation of volumes that are all alike, else `CLOSEST`."""
    different = set(names)
    if len(different) == 1:
        return different.pop()
    return CLOSEST


def most_frequent_orientation(names: Iterable[str]) -> str:
    """The orientation that most volumes have; of equals the first in the alphabet."""
    counts = Counter(sorted(names))
    return counts.most_common(1)[0][0]


def axis_along(affine: np.ndarray, orientation: str | None, axis: int) -> int:
    """Which axis of a volume lies along an axis of an orientation.

    Args:
        affine: Of the volume, ``[4, 4]``.
        orientation: The name; None for the volume's own.
        axis: The axis of the orientation, 0 to 2.
    """
    if orientation is None:
        return axis
    world = nibabel.orientations.axcodes2ornt(orientation)[axis, 0]
    return int(np.flatnonzero(nibabel.io_orientation(affine)[:, 0] == world)[0])


@dataclass(frozen=True)
class Turn:
    """A change of the order and the directions of axes, which moves voxels and changes none.

    Attributes:
        steps: For each axis, its number afterwards, and 1 or −1 where it is reversed, ``[3, 2]``
            (nibabel's form of an orientation).
    """

    steps: np.ndarray

    @classmethod
    def to(cls, affine: np.ndarray, orientation: str) -> Turn:
        """The turn of a volume with this affine to an orientation."""
        start = nibabel.io_orientation(affine)
        end = nibabel.orientations.axcodes2ornt(orientation)
        return cls(nibabel.orientations.ornt_transform(start, end))

    @classmethod
    def onto(cls, affine: np.ndarray, other: np.ndarray) -> Turn:
        """The turn of a volume so that its axes are nearest to those of another.

        Args:
            affine: Of the volume, ``[4, 4]``.
            other: Of the other volume, ``[4, 4]``.
        """
        return cls(nibabel.io_orientation(np.linalg.solve(other, affine)))

    @property
    def is_none(self) -> bool:
        """Whether nothing moves."""
        return np.array_equal(self.steps, [[0, 1], [1, 1], [2, 1]])

    @property
    def back(self) -> Turn:
        """The turn that undoes it."""
        order = self.steps[:, 0].astype(int)
        return Turn(np.stack([np.argsort(order), self.steps[np.argsort(order), 1]], 1))

    def array(self, array: np.ndarray) -> np.ndarray:
        """The turned array, a view of ``[X, Y, Z, …]``."""
        turned: np.ndarray = nibabel.orientations.apply_orientation(array, self.steps)
        return turned

    def affine(self, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The affine of the turned array.

        Args:
            affine: Of the array, ``[4, 4]``.
            shape: Of the array before the turn, ``[3]``.
        """
        turned: np.ndarray = affine @ nibabel.orientations.inv_ornt_aff(self.steps, shape)
        return turned
