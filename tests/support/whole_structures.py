"""A slow reference of `tfuq.measures.structure`: two masks as large as the box for each component (NumPy)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import ndimage

from tfuq.data.boundary import at_boundary
from tfuq.measures.catalogue import MEASURES
from tfuq.measures.components import Box
from tfuq.measures.structure import ClassMaps

Row = dict[str, Any]  # a measure's value, or a text, by the name of its column

_EXACT_FLOAT32 = 2**24  # products of 0/1 sums stay exact integers below this
SPREAD_PERCENTILES = (2.5, 97.5)


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
    union = maps.masks.union() | maps.label
    if not union.any():
        return [_absent_row(maps)]
    box = _grown_box(union)
    samples = np.stack([mask[box] for mask in maps.masks.unpacked()])
    label = maps.label[box]
    image_means = _image_means(maps)
    rows = [{"component": "all", **_measures(maps, box, samples, label), **image_means}]
    components = _components(label, min_component_voxels)
    for number, (component, territory) in enumerate(components, start=1):
        measures = _measures(maps, box, samples & territory, component)
        rows.append({"component": str(number), **measures, **image_means})
    if len(samples) > 1:
        return rows
    return [_of_single_sample(row) for row in rows]


def _absent_row(maps: ClassMaps) -> Row:
    """The row of a class that neither the label nor any sample has."""
    no_voxels = np.zeros(maps.masks.samples)
    return {
        "component": "all",
        **_volumes(no_voxels, 0, maps.image.voxel_volume),
        **_image_means(maps),
        "pairwise_dice": 1.0,
        "reason": "absent from every sample and from the label",
    }


def _image_means(maps: ClassMaps) -> Row:
    return {
        "image_entropy": float(maps.image.predictive_entropy.mean()),
        "image_mutual_information": float(maps.image.mutual_information.mean()),
    }


def _measures(maps: ClassMaps, box: Box, samples: np.ndarray, label: np.ndarray) -> Row:
    """Measures of a class or component.

    Args:
        maps: what is known of the class.
        box: in which ``samples`` and ``label`` lie.
        samples: masks ``[T, *box]``.
        label: the predicted structure ``[*box]``.
    """
    flat = samples.reshape(len(samples), -1)
    row = _volumes(
        flat.sum(1),
        int(np.count_nonzero(label)),
        maps.image.voxel_volume,
    )
    row["pairwise_dice"] = None
    if len(flat) > 1:
        row["pairwise_dice"] = pairwise_dice(flat)
    if not label.any():
        row["reason"] = "absent from the label, present in some samples"
        return row
    row["labelled_uncertainty"] = _mean_over(label, maps.entropy_term[box])
    row["mean_entropy"] = _mean_over(label, maps.image.predictive_entropy[box])
    row["mean_mutual_information"] = _mean_over(label, maps.image.mutual_information[box])
    return row | _boundary_means(maps, box, label)


def _boundary_means(maps: ClassMaps, box: Box, label: np.ndarray) -> Row:
    """Means over the voxels on both sides of a structure's boundary.

    See `tfuq.data.boundary.at_boundary`.
    """
    shell = at_boundary(label)
    if not shell.any():
        return {"reason": "fills the volume, so it has no boundary in it"}
    return {
        "boundary_entropy": _mean_over(shell, maps.image.predictive_entropy[box]),
        "boundary_mutual_information": _mean_over(shell, maps.image.mutual_information[box]),
    }


def _mean_over(mask: np.ndarray, values: np.ndarray) -> float:
    return float(values[mask].mean())


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


def pairwise_dice(masks: np.ndarray) -> float:
    """Mean Dice over all T(T−1)/2 pairs of masks.

    Two empty masks have Dice 1, an empty one and another have 0.

    Args:
        masks: ``[T, voxels]``, of two samples or more.

    References:
        Roy et al. 2018.
    """
    count = len(masks)
    shared = np.zeros((count, count))
    for start in range(0, masks.shape[1], _EXACT_FLOAT32):
        block = masks[:, start : start + _EXACT_FLOAT32].astype(np.float32)
        shared += block @ block.T
    volumes = np.diag(shared)
    total = volumes[:, None] + volumes[None, :]
    scores = np.where(
        total > 0,
        2 * shared / np.maximum(total, 1),
        1.0,
    )
    pairs = np.triu_indices(count, 1)
    return float(scores[pairs].mean())


def _components(label: np.ndarray, least: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Components of at least ``least`` voxels, largest first, each with its territory.

    The territory is the voxels that are nearer to the component than to another.
    """
    numbered, count = ndimage.label(label)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    by_size = np.argsort(-sizes, kind="stable")
    numbers = [int(index) + 1 for index in by_size if sizes[index] >= least]
    if not numbers:
        return
    large_only = np.where(np.isin(numbered, numbers), numbered, 0)
    nearest_voxel = ndimage.distance_transform_edt(
        large_only == 0, return_distances=False, return_indices=True
    )
    territories = large_only[tuple(nearest_voxel)]
    for number in numbers:
        yield large_only == number, territories == number


def _grown_box(mask: np.ndarray) -> Box:
    """Bounding box of the mask with a voxel around it, for its boundary shell."""
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    grown = []
    for extent, size in zip(box, mask.shape, strict=True):
        start = max(extent.start - 1, 0)
        stop = min(extent.stop + 1, size)
        grown.append(slice(start, stop))
    return tuple(grown)
