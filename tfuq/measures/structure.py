"""Structure-level measures, per class and per connected component, from every sample's mask (NumPy).

Volumes are those of the scan's voxels on the network's grid, without the padding that the network sees, in the unit of its voxels;
columns go by the names of scans (see `tfuq.data.units`). ``volume_lower_mm3`` and ``volume_upper_mm3`` are the spread of the
samples, from 2.5 to 97.5 % of their volumes: where samples lie, which is no interval that holds the true volume with 95 %.

Variances and mutual information are those of the T samples at hand; `tfuq.measures.sample_size` has what a small T does to them.
Sources: Roy et al. 2018 (coefficient of variation, pairwise Dice), Hoebel et al. 2019 (volume dispersion, labelled uncertainty),
Kahl et al. 2024 (means over structure, boundary, image).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tfuq.data.boundary import at_boundary
from tfuq.masks import Box, SampleMasks

_EXACT_FLOAT32 = 2**24  # products of 0/1 sums stay exact integers below this
SPREAD_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class ClassMaps:
    """What is known of one class or region on the network's grid, all ``[X, Y, Z]`` but for the masks."""

    label: np.ndarray  # bool: the predicted structure
    masks: SampleMasks
    entropy_term: np.ndarray  # −(1/T) Σ p log p of this class or region
    predictive_entropy: np.ndarray
    mutual_information: np.ndarray
    voxel_volume: float


def structure_rows(maps: ClassMaps, *, min_component_voxels: int) -> list[dict]:
    """One row for the class (``component`` "all"), then one per connected component of its label, largest first.

    A component's share of a sample is what lies nearer to it than to any other component, so that the shares add up to
    the whole. Measures that compare samples are left out where T = 1.
    """
    union = maps.masks.union() | maps.label
    image_means = {
        "image_entropy": float(maps.predictive_entropy.mean()),
        "image_mutual_information": float(maps.mutual_information.mean()),
    }
    if not union.any():
        return [{"component": "all", **_volumes(np.zeros(maps.masks.packed.shape[1]), 0, maps.voxel_volume), **image_means}
                | {"pairwise_dice": 1.0, "reason": "absent from every sample and from the label"}]  # fmt: skip
    box = _grown_box(union)
    samples, label = maps.masks.within(box), maps.label[box]
    rows = [{"component": "all", **_measures(maps, box, samples, label), **image_means}]
    for number, (component, territory) in enumerate(_components(label, min_component_voxels), start=1):
        rows.append({"component": str(number), **_measures(maps, box, samples & territory, component), **image_means})
    return rows if len(samples) > 1 else [_single_sample(row) for row in rows]


def _measures(maps: ClassMaps, box: Box, samples: np.ndarray, label: np.ndarray) -> dict:
    flat = samples.reshape(len(samples), -1)
    row = _volumes(flat.sum(1), np.count_nonzero(label), maps.voxel_volume)
    row["pairwise_dice"] = pairwise_dice(flat) if len(flat) > 1 else None
    if not label.any():
        return row | {"reason": "absent from the label, present in some samples"}
    return row | {
        "labelled_uncertainty": float(maps.entropy_term[box][label].mean()),
        "mean_entropy": float(maps.predictive_entropy[box][label].mean()),
        "mean_mutual_information": float(maps.mutual_information[box][label].mean()),
        **_boundary_means(maps, box, label),
    }


def _boundary_means(maps: ClassMaps, box: Box, label: np.ndarray) -> dict:
    """Means over the voxels on both sides of a structure's boundary, see `tfuq.data.boundary.at_boundary`."""
    shell = at_boundary(label)
    if not shell.any():
        return {"reason": "fills the volume, so it has no boundary in it"}
    return {
        "boundary_entropy": float(maps.predictive_entropy[box][shell].mean()),
        "boundary_mutual_information": float(maps.mutual_information[box][shell].mean()),
    }


def _volumes(voxels: np.ndarray, label_voxels: int, voxel_volume: float) -> dict:
    mean, std = float(voxels.mean()), float(voxels.std())
    low, high = np.percentile(voxels, SPREAD_PERCENTILES)
    return {
        "volume_mm3": label_voxels * voxel_volume,
        "volume_mean_mm3": mean * voxel_volume,
        "volume_std_mm3": std * voxel_volume,
        "volume_lower_mm3": float(low) * voxel_volume,
        "volume_upper_mm3": float(high) * voxel_volume,
        "coefficient_of_variation": std / mean if mean else None,
        "volume_dispersion": std**2 / (mean + 1),
    }


MEASURES = ("volume_mm3", "volume_mean_mm3", "volume_std_mm3", "volume_lower_mm3", "volume_upper_mm3", "coefficient_of_variation",
            "volume_dispersion", "pairwise_dice", "labelled_uncertainty", "mean_entropy", "mean_mutual_information",
            "boundary_entropy", "boundary_mutual_information", "image_entropy", "image_mutual_information")  # fmt: skip
_NEEDS_TWO = ("volume_std_mm3", "volume_lower_mm3", "volume_upper_mm3", "coefficient_of_variation", "volume_dispersion",
              "pairwise_dice", "mean_mutual_information", "boundary_mutual_information", "image_mutual_information")  # fmt: skip


def _single_sample(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in _NEEDS_TWO}


def pairwise_dice(masks: np.ndarray) -> float:
    """Mean Dice over all T(T−1)/2 pairs of masks ``[T, voxels]``; both empty counts 1, one empty 0 (Roy et al. 2018)."""
    count = len(masks)
    shared = np.zeros((count, count))
    for start in range(0, masks.shape[1], _EXACT_FLOAT32):
        part = masks[:, start : start + _EXACT_FLOAT32].astype(np.float32)
        shared += part @ part.T
    volumes = np.diag(shared)
    total = volumes[:, None] + volumes[None, :]
    scores = np.where(total > 0, 2 * shared / np.maximum(total, 1), 1.0)
    return float(scores[np.triu_indices(count, 1)].mean())


def _components(label: np.ndarray, least: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Components of at least ``least`` voxels, largest first, each with the voxels nearer to it than to another."""
    numbered, count = ndimage.label(label)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    numbers = [int(n) + 1 for n in np.argsort(-sizes, kind="stable") if sizes[n] >= least]
    if not numbers:
        return []
    kept = np.where(np.isin(numbered, numbers), numbered, 0)
    nearest = kept[tuple(ndimage.distance_transform_edt(kept == 0, return_distances=False, return_indices=True))]
    return [(kept == n, nearest == n) for n in numbers]


def _grown_box(mask: np.ndarray) -> Box:
    """Bounding box of the mask with a voxel around it, for its boundary shell."""
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    return tuple(slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(box, mask.shape, strict=True))
