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
_INSIDE = ("labelled_uncertainty", "mean_entropy", "mean_mutual_information")
_AT_BOUNDARY = ("boundary_entropy", "boundary_mutual_information")


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
    found = _found(maps, min_component_voxels)
    if found is None:
        return [_absent_row(maps)]
    rows = []
    for row in _rows_of_parts(maps, found):
        row |= maps.image.means
        if maps.masks.samples == 1:
            row = _of_single_sample(row)
        rows.append(row)
    return rows


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Where a structure is, and what samples have of it.

    Attributes:
        box: all of the label and of every sample, with a voxel around it.
        label: the predicted structure in the box.
        components: of the label.
        overlaps: what samples have of the whole, and then of each component.
    """

    box: Box
    label: np.ndarray
    components: Components
    overlaps: Sequence[Overlap]

    def parts(self) -> Iterator[_Part]:
        """The whole, and then each component; they are made anew, and one is held at a time."""
        yield _Part(self.label, _WHOLE)
        for box, mask in self.components.masks():
            yield _Part(mask, box)


def _found(maps: ClassMaps, min_component_voxels: int) -> _Found | None:
    """Count what samples have of a structure; None of one that is nowhere."""
    union = maps.masks.union()
    union |= maps.label
    if not union.any():
        return None
    box = grown_box(bounding_box(union), union.shape)
    label = maps.label[box]
    components = components_of(label, min_component_voxels)
    # Where there is no component or only one, all is one part.
    territories = Territories(components.territories(union[box]), max(components.count, 1), box)
    del union
    whole, shares = overlaps(maps.masks, territories)
    return _Found(
        box=box,
        label=label,
        components=components,
        overlaps=[whole, *shares[: components.count]],
    )


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


@dataclass(frozen=True)
class _Part:
    """A structure or a component.

    Attributes:
        label: bool, with a voxel around it.
        box: where it is in the box of the structure.
    """

    label: np.ndarray
    box: Box

    def inside(self, values: np.ndarray) -> float | None:
        """The mean of a map over the label; None where there is no label.

        Args:
            values: in the box of the structure.
        """
        if not self.label.any():
            return None
        return _mean(values[self.box][self.label])

    def at_boundary(self, values: np.ndarray) -> float | None:
        """The mean over the voxels on both sides of the boundary; None where there is none.

        See `tfuq.data.boundary.at_boundary`.

        Args:
            values: in the box of the structure.
        """
        shell = at_boundary(self.label)
        if not shell.any():
            return None
        return _mean(values[self.box][shell])


def _rows_of_parts(maps: ClassMaps, found: _Found) -> Iterator[Row]:
    """The row of a structure, and of each of its components, without means over the image."""
    means = _means_of_parts(maps, found)
    for number, (part, overlap) in enumerate(zip(found.parts(), found.overlaps, strict=True)):
        row: Row = {"component": str(number) if number else "all"}
        voxels = int(np.count_nonzero(part.label))
        row |= _volumes(overlap.volumes, voxels, maps.image.voxel_volume)
        row["pairwise_dice"] = overlap.dice
        yield row | _described(voxels, {name: values[number] for name, values in means.items()})


def _means_of_parts(maps: ClassMaps, found: _Found) -> dict[str, list[float | None]]:
    """Means of maps over the label and the boundary of each part, by column.

    One map after another is in memory.
    """
    image = maps.image
    columns = {}
    values = maps.entropy_term[found.box]
    columns["labelled_uncertainty"] = [part.inside(values) for part in found.parts()]
    del values
    values = image.predictive_entropy[found.box]
    columns["mean_entropy"] = [part.inside(values) for part in found.parts()]
    columns["boundary_entropy"] = [part.at_boundary(values) for part in found.parts()]
    del values
    values = image.mutual_information[found.box]
    columns["mean_mutual_information"] = [part.inside(values) for part in found.parts()]
    columns["boundary_mutual_information"] = [part.at_boundary(values) for part in found.parts()]
    return columns


def _described(voxels: int, means: Row) -> Row:
    """The means that a part has, or why it has none.

    Args:
        voxels: of the label.
        means: by column; None where there is none.
    """
    if not voxels:
        return {"reason": "absent from the label, present in some samples"}
    described = {name: means[name] for name in _INSIDE}
    if means["boundary_entropy"] is None:
        return described | {"reason": "fills the volume, so it has no boundary in it"}
    return described | {name: means[name] for name in _AT_BOUNDARY}


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
