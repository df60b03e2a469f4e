"""Measures of structures, by class and by connected component, from samples' masks (NumPy).

Volumes are those of the scan's voxels on the network's grid, without the padding that the network
sees, in the unit of its voxels. Columns have the names of scans (see `tfuq.data.units`).
``volume_lower_mm3`` and ``volume_upper_mm3`` are the spread of the samples, from 2.5 to 97.5 % of
their volumes. They say where samples lie; they are no interval that holds the true volume with
95 %.

Variances and mutual information are those of the T samples at hand. `tfuq.measures.sample_size`
says what a small T does to them.

References:
    Roy et al. 2018 (coefficient of variation, pairwise Dice).
    Hoebel et al. 2019 (volume dispersion, labelled uncertainty).
    Kahl et al. 2024 (means over structure, boundary, image).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tfuq.data.boundary import at_boundary
from tfuq.measures.catalogue import MEASURES
from tfuq.measures.components import Box, Components, bounding_box, components_of, grown_box
from tfuq.measures.overlaps import Overlap, Territories, overlaps
from tfuq.measures.sample_masks import SampleMasks

Row = dict[str, Any]  # a measure's value, or a text, by the name of its column

SPREAD_PERCENTILES = (2.5, 97.5)
_WHOLE = (slice(None),) * 3


class InBoxes(Protocol):
    """A map ``[X, Y, Z]`` of which boxes are taken: an array, or what reads from a file."""

    def __getitem__(self, box: Box) -> np.ndarray:
        """The values in a box."""


@dataclass(frozen=True, kw_only=True)
class ImageMaps:
    """What is known of an image on the network's grid, of all classes together.

    Attributes:
        predictive_entropy: ``[X, Y, Z]``, in nat.
        mutual_information: ``[X, Y, Z]``, in nat.
        voxel_volume: in mm³, or in the unit of the voxels.
    """

    predictive_entropy: InBoxes
    mutual_information: InBoxes
    voxel_volume: float

    @cached_property
    def means(self) -> Row:
        """Over the image."""
        return {
            "image_entropy": _mean(self.predictive_entropy[_WHOLE]),
            "image_mutual_information": _mean(self.mutual_information[_WHOLE]),
        }


@dataclass(frozen=True, kw_only=True)
class ClassMaps:
    """What is known of one class or region on the network's grid.

    Attributes:
        label: the predicted structure, bool ``[X, Y, Z]``.
        masks: every sample's mask.
        entropy_term: −(1/T) Σ p log p of this class or region ``[X, Y, Z]``, in nat.
        image: what is known of all classes together.
    """

    label: np.ndarray
    masks: SampleMasks
    entropy_term: InBoxes
    image: ImageMaps


def structure_rows(maps: ClassMaps, *, min_component_voxels: int) -> list[Row]:
    """One row for the class, then one for each connected component of its label, largest first.

    A component's share of a sample is what lies nearer to it than to any other component, so that
    the shares add up to the whole.

    Args:
        maps: what is known of the class.
        min_component_voxels: smaller components have no row.

    Returns:
        Rows by column. ``component`` is "all" in the row of the class, then the component's number.
        Measures that compare samples are left out where T = 1.
    """
    union = maps.masks.union()
    union |= maps.label
    if not union.any():
        return [_absent_row(maps)]
    box = grown_box(bounding_box(union), union.shape)
    components = components_of(maps.label[box], min_component_voxels)
    whole, shares = overlaps(maps.masks, _territories(components, box))
    # Only now, as territories take much memory too.
    part = _Part.of(maps, box)
    rows = [{"component": "all", **part.measures(whole), **maps.image.means}]
    if components.count:
        for row in _component_rows(part, components, shares):
            rows.append(row | maps.image.means)
    if maps.masks.samples > 1:
        return rows
    return [_of_single_sample(row) for row in rows]


def _absent_row(maps: ClassMaps) -> Row:
    """The row of a class that neither the label nor any sample has."""
    no_voxels = np.zeros(maps.masks.samples)
    return {
        "component": "all",
        **_volumes(no_voxels, 0, maps.image.voxel_volume),
        **maps.image.means,
        "pairwise_dice": 1.0,
        "reason": "absent from every sample and from the label",
    }


def _territories(components: Components, box: Box) -> Territories:
    """The parts in which samples are counted: one where there is no component or only one."""
    return Territories(components.territories(), max(components.count, 1), box)


def _component_rows(
    part: _Part, components: Components, shares: Sequence[Overlap]
) -> Iterator[Row]:
    numbered = enumerate(zip(components.masks(), shares, strict=True), start=1)
    for number, ((box, mask), overlap) in numbered:
        measures = part.within(box, mask).measures(overlap)
        yield {"component": str(number), **measures}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The box of a structure, or of a component, with a voxel around it."""

    label: np.ndarray
    entropy_term: np.ndarray
    predictive_entropy: np.ndarray
    mutual_information: np.ndarray
    voxel_volume: float

    @classmethod
    def of(cls, maps: ClassMaps, box: Box) -> _Part:
        return cls(
            label=maps.label[box],
            entropy_term=maps.entropy_term[box],
            predictive_entropy=maps.image.predictive_entropy[box],
            mutual_information=maps.image.mutual_information[box],
            voxel_volume=maps.image.voxel_volume,
        )

    def within(self, box: Box, label: np.ndarray) -> _Part:
        """A smaller box, and another structure in it."""
        return _Part(
            label=label,
            entropy_term=self.entropy_term[box],
            predictive_entropy=self.predictive_entropy[box],
            mutual_information=self.mutual_information[box],
            voxel_volume=self.voxel_volume,
        )

    def measures(self, overlap: Overlap) -> Row:
        """Measures of the structure, of which samples have so much."""
        row = _volumes(
            overlap.volumes,
            int(np.count_nonzero(self.label)),
            self.voxel_volume,
        )
        row["pairwise_dice"] = overlap.dice
        if not self.label.any():
            row["reason"] = "absent from the label, present in some samples"
            return row
        row["labelled_uncertainty"] = _mean(self.entropy_term[self.label])
        row["mean_entropy"] = _mean(self.predictive_entropy[self.label])
        row["mean_mutual_information"] = _mean(self.mutual_information[self.label])
        return row | self._boundary_means()

    def _boundary_means(self) -> Row:
        """Means over the voxels on both sides of the boundary.

        See `tfuq.data.boundary.at_boundary`.
        """
        shell = at_boundary(self.label)
        if not shell.any():
            return {"reason": "fills the volume, so it has no boundary in it"}
        return {
            "boundary_entropy": _mean(self.predictive_entropy[shell]),
            "boundary_mutual_information": _mean(self.mutual_information[shell]),
        }


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64))


def _volumes(voxels: np.ndarray, label_voxels: int, voxel_volume: float) -> Row:
    """Volumes and their spread.

    Args:
        voxels: number of voxels in each sample ``[T]``.
        label_voxels: number of voxels of the label.
        voxel_volume: of one voxel.
    """
    mean = float(voxels.mean())
    std = float(voxels.std())
    lower, upper = np.percentile(voxels, SPREAD_PERCENTILES)
    coefficient_of_variation = None
    if mean:
        coefficient_of_variation = std / mean
    return {
        "volume_mm3": label_voxels * voxel_volume,
        "volume_mean_mm3": mean * voxel_volume,
        "volume_std_mm3": std * voxel_volume,
        "volume_lower_mm3": float(lower) * voxel_volume,
        "volume_upper_mm3": float(upper) * voxel_volume,
        "coefficient_of_variation": coefficient_of_variation,
        "volume_dispersion": std**2 / (mean + 1),
    }


def _of_single_sample(row: Row) -> Row:
    """The columns that one sample has."""
    kept = {}
    for name, value in row.items():
        measure = MEASURES.get(name)
        if measure is None or measure.least_samples == 1:
            kept[name] = value
    return kept
