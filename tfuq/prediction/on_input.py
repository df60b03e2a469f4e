"""Maps of a case on the grid of its image as given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tfuq.data.preprocessing import from_examples
from tfuq.data.volume import Volume, differ_by_whole_voxels, onto_grid
from tfuq.measures.catalogue import MEMBER_VARIANCES
from tfuq.measures.resampled import between_members, resampled_maps
from tfuq.runs.results import member_map
from tfuq.tasks.records import VoxelStatistics, gathered

Side = Literal["lower", "upper"]
_SIDES: tuple[Side, ...] = ("lower", "upper")


@dataclass(frozen=True, kw_only=True)
class InputGrid:
    """Brings maps from the network's grid to that of the image.

    Attributes:
        image: The image as given.
        prepared: The image as the network takes it, without padding.
        slice_axis: The axis of the volume along which examples are stacked, if they are slices.
        classes: K, with the background.
    """

    image: Volume
    prepared: Volume
    slice_axis: int | None
    classes: int

    @property
    def copies_voxels(self) -> bool:
        """Whether both grids have the same voxels, so that nothing is interpolated."""
        return differ_by_whole_voxels(self.prepared, self.image)

    def bring(
        self,
        examples: np.ndarray,
        *,
        fill: float | np.ndarray = 0,
        nearest: bool = False,
    ) -> Volume:
        """Bring a map to the image's grid.

        Args:
            examples: The map as the network gives it, ``[n, *S, …]``.
            fill: The value outside of what the network saw.
            nearest: Whether each voxel has the value of the nearest one, instead of interpolating.
        """
        array = from_examples(examples, self.slice_axis)
        on_grid = self.prepared.with_array(array)
        return onto_grid(on_grid, self.image, fill=fill, nearest=nearest)

    def probabilities(self, examples: np.ndarray) -> Volume:
        """Bring class probabilities ``[n, *S, K]``; what the network did not see is background."""
        background = np.eye(self.classes, dtype=np.float32)[0]
        return self.bring(examples, fill=background)

    def uncertainty_maps(
        self,
        statistics: VoxelStatistics,
        probability: Volume,
        names: Sequence[str],
        *,
        several: bool,
    ) -> dict[str, Volume]:
        """The uncertainty maps.

        Where voxels are copied they are those of the graph. Elsewhere they are made after
        interpolation.

        Args:
            statistics: Those of the samples on the network's grid.
            probability: The mean of the samples on the image's grid.
            names: The names of the maps.
            several: Whether there is more than one sample.
        """
        if self.copies_voxels:
            on_grid = statistics.maps(names)
            return {name: self.bring(examples) for name, examples in on_grid.items()}

        def onto(array: np.ndarray, *, nearest: bool = False) -> np.ndarray:
            return self.bring(array, nearest=nearest).array

        maps = resampled_maps(statistics.arrays(), probability.array, onto, several=several)
        return {name: probability.with_array(maps[name]) for name in names}

    def member_maps(self, statistics: VoxelStatistics, weights: np.ndarray) -> dict[str, Volume]:
        """Each member's probabilities, and the parts of the variance.

        Args:
            statistics: Those of the samples on the network's grid.
            weights: Each member's share of the samples, ``[M]``.
        """
        by_member = np.moveaxis(gathered(statistics.members, "members"), 1, 0)
        members = [self.probabilities(examples) for examples in by_member]
        between, within = map(self.bring, statistics.maps(MEMBER_VARIANCES).values())
        if not self.copies_voxels:
            arrays = [member.array for member in members]
            between = between.with_array(between_members(arrays, weights))
        volumes = {}
        for number, member in enumerate(members):
            volumes[member_map(number)] = member
        variances = zip(MEMBER_VARIANCES, (between, within), strict=True)
        return volumes | dict(variances)


def conformal_bounds(
    uncalibrated: Volume,
    bounds: Mapping[str, Mapping[Side, float]],
    classes: Sequence[str],
) -> dict[str, Volume]:
    """``label_lower`` and ``label_upper``, with a channel for each of several foreground classes.

    They are made of the probabilities before scaling. Scaling may be fitted on the cases that give
    the thresholds, and a promise must not depend on it.

    Args:
        uncalibrated: The probabilities before scaling, ``[X, Y, Z, K]``.
        bounds: The ``lower`` and the ``upper`` threshold by class.
        classes: The names of the foreground classes.

    Returns:
        Masks of 0 and 1, uint8.
    """
    volumes = {}
    for side in _SIDES:
        masks = []
        for k, name in enumerate(classes, start=1):
            masks.append(uncalibrated.array[..., k] >= bounds[name][side])
        stacked = np.stack(masks, -1).astype(np.uint8)
        if len(masks) == 1:
            stacked = stacked[..., 0]
        volumes[f"label_{side}"] = uncalibrated.with_array(stacked)
    return volumes
