"""Numbers of a case's voxels, and of those about each structure, that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tfuq.data.on_use import ModuleOnUse
from tfuq.measures.catalogue.aggregations import INTERIOR, OF_MAPS, QUANTILE, TOP, column_of
from tfuq.scoring.aggregation import interior_weights, top_mean, upper_quantile, weighted_mean
from tfuq.scoring.rows import Row

if TYPE_CHECKING:
    from scipy import ndimage
else:
    ndimage = ModuleOnUse("scipy.ndimage")

_REACH = 2  # voxels around a structure that belong to it, as what it missed is outside
_NUMBERS: dict[str, Callable[[np.ndarray], float]] = {QUANTILE: upper_quantile, TOP: top_mean}


@dataclass(frozen=True, kw_only=True)
class Aggregated:
    """What maps of uncertainty say in one number.

    Attributes:
        kinds: of `tfuq.measures.catalogue.aggregations.AGGREGATIONS`.
        label: predicted classes ``[X, Y, Z]``.
        spacing: of the voxels.
        structures: the classes of each structure.
    """

    kinds: Sequence[str]
    label: np.ndarray
    spacing: Sequence[float]
    structures: Mapping[str, Sequence[int]]

    @property
    def _of_maps(self) -> list[str]:
        return [kind for kind in OF_MAPS if kind in self.kinds]

    @cached_property
    def _weights(self) -> np.ndarray:
        return interior_weights(self.label, self.spacing)

    @cached_property
    def _regions(self) -> dict[str, np.ndarray]:
        """Each structure with the voxels around it, as flat indices; none of one that is absent."""
        regions = {}
        for name, classes in self.structures.items():
            regions[name] = np.flatnonzero(_grown(np.isin(self.label, classes)))
        return regions

    def image_numbers(self, name: str, values: np.ndarray, known: np.ndarray | None) -> Row:
        """Numbers of the image by column.

        Args:
            name: of a map.
            values: its values ``[X, Y, Z]``.
            known: where the reference is known, bool; None for everywhere.
        """
        chosen: slice | np.ndarray = slice(None)
        if known is not None:
            chosen = known.ravel()
        return self._numbers(name, values, chosen, is_of_image=True)

    def structure_numbers(
        self, name: str, values: np.ndarray, known: np.ndarray | None
    ) -> dict[str, Row]:
        """Numbers about each structure by column; None where no voxel is about it.

        Args:
            name: of a map.
            values: its values ``[X, Y, Z]``.
            known: where the reference is known, bool; None for everywhere.
        """
        rows = {}
        for structure, voxels in self._regions.items():
            chosen = voxels
            if known is not None:
                chosen = voxels[known.ravel()[voxels]]
            rows[structure] = self._numbers(name, values, chosen, is_of_image=False)
        return rows

    def _numbers(
        self, name: str, values: np.ndarray, chosen: slice | np.ndarray, *, is_of_image: bool
    ) -> Row:
        voxels = values.ravel()[chosen]
        numbers: Row = {}
        for kind in self._of_maps:
            number = None
            if voxels.size and kind == INTERIOR:
                number = weighted_mean(voxels, self._weights.ravel()[chosen])
            elif voxels.size:
                number = _NUMBERS[kind](voxels)
            numbers[column_of(kind, name, is_of_image=is_of_image)] = number
        return numbers


def _grown(mask: np.ndarray) -> np.ndarray:
    """A mask with the voxels within two steps from face to face."""
    if not mask.any():
        return mask
    grown: np.ndarray = ndimage.binary_dilation(mask, iterations=_REACH)
    return grown
