"""The masks of a structure in a predicted case, cut to where the structure is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfuq.scoring.components import boxes_of
from tfuq.scoring.evaluation.voxels import CaseMaps

_VALUES = 256  # of a label map

Box = tuple[slice, ...]


class CroppedMasks(NamedTuple):
    """A structure in a part of a volume that has all of it, and a voxel around it.

    Attributes:
        predicted: bool.
        reference: bool.
        known: where the reference is known, bool; None for everywhere.
    """

    predicted: np.ndarray
    reference: np.ndarray
    known: np.ndarray | None


class Crops:
    """Cuts structures from a case, of which each volume was gone through once for their boxes."""

    def __init__(self, maps: CaseMaps, classes: int) -> None:
        """Look where each class is.

        Args:
            maps: the case.
            classes: K.
        """
        self._known = maps.known
        self._label = maps.label.astype(np.uint8, copy=False)
        self._truth = maps.truth.astype(np.uint8, copy=False)
        of_label = boxes_of(self._label, classes)
        of_truth = boxes_of(self._truth, classes)
        self._boxes = list(zip(of_label, of_truth, strict=True))

    def masks(self, members: Sequence[int]) -> CroppedMasks:
        """The masks of a class, or of the union of several, without voxels that are not known.

        Args:
            members: numbers of the classes.
        """
        box = self.box(members)
        is_member = np.zeros(_VALUES, bool)
        is_member[list(members)] = True
        predicted = is_member[self._label[box]]
        known = None
        if self._known is not None:
            known = self._known[box]
            predicted &= known
        return CroppedMasks(predicted, is_member[self._truth[box]], known)

    def box(self, members: Sequence[int]) -> Box:
        """The box of all members in both volumes and a voxel around it, empty without any.

        Args:
            members: numbers of the classes.
        """
        boxes = [box for k in members for box in self._boxes[k]]
        present = [box for box in boxes if box[0].stop]
        if not present:
            return boxes[0]
        return tuple(_around(extents) for extents in zip(*present, strict=True))


def _around(extents: Sequence[slice]) -> slice:
    start = min(extent.start for extent in extents)
    stop = max(extent.stop for extent in extents)
    return slice(max(start - 1, 0), stop + 1)
