"""How well a segmentation agrees with its reference: overlap, size, and distances of surfaces.

A structure that one of both lacks has no distance. Left out of a mean without a word, it would make
a method better for missing what is hard. So it is counted (`presence_scores`), and can count as the
image's diagonal (`with_diagonal`).

Lengths and sizes are in the unit of the grid. They go by the names that scans have, in mm and mm³;
`tfuq.data.units` names those of plain images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tfuq.data.boundary import surface
from tfuq.data.on_use import ModuleOnUse

if TYPE_CHECKING:
    from scipy import spatial
else:
    spatial = ModuleOnUse("scipy.spatial")


_ROUNDING = 1 + 1e-6  # of distances that are the tolerance


def dice(predicted: np.ndarray, reference: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|) of two masks; 1 where both are empty."""
    total = np.count_nonzero(predicted) + np.count_nonzero(reference)
    if not total:
        return 1.0
    return 2.0 * np.count_nonzero(predicted & reference) / total


def overlap_scores(
    predicted: np.ndarray,
    reference: np.ndarray,
    voxel_volume: float,
) -> dict[str, float | None]:
    """Scores of the overlap of two masks.

    Args:
        predicted: ``[X, Y, Z]``, bool.
        reference: ``[X, Y, Z]``, bool.
        voxel_volume: of a voxel.

    Returns:
        Dice, IoU, precision, recall (in 0…1; None where the denominator is empty), and predicted
        less true volume.
    """
    shared = int(np.count_nonzero(predicted & reference))
    predicted_voxels = int(np.count_nonzero(predicted))
    true_voxels = int(np.count_nonzero(reference))
    iou: float | None = 1.0
    if predicted_voxels + true_voxels:
        iou = _ratio(shared, predicted_voxels + true_voxels - shared)
    return {
        "dice": dice(predicted, reference),
        "iou": iou,
        "precision": _ratio(shared, predicted_voxels),
        "recall": _ratio(shared, true_voxels),
        "volume_difference_mm3": (predicted_voxels - true_voxels) * voxel_volume,
    }


def presence_scores(predicted: np.ndarray, reference: np.ndarray) -> dict[str, float | None]:
    """Whether a structure is missed (1, else 0), or invented: predicted where there is none.

    Args:
        predicted: mask ``[X, Y, Z]``, bool.
        reference: mask ``[X, Y, Z]``, bool.
    """
    is_predicted = bool(predicted.any())
    is_there = bool(reference.any())
    return {
        "missed": float(is_there and not is_predicted),
        "invented": float(is_predicted and not is_there),
    }


def _ratio(voxels: int, all_voxels: int) -> float | None:
    if not all_voxels:
        return None
    return voxels / all_voxels


def surface_scores(
    predicted: np.ndarray,
    reference: np.ndarray,
    spacing: np.ndarray,
    known: np.ndarray | None = None,
    voxels: int | None = None,
    tolerance: float | None = None,
) -> dict[str, float | None]:
    """Measure how far two surfaces lie apart.

    A surface has the mask's voxels with a face neighbour outside it, within the volume: its border
    and axes of length one have none, see `tfuq.data.boundary.at_boundary`. Distances run between
    voxel centres, from each voxel of one surface to the nearest of the other. ``hd95_mm`` is the
    larger of the two directed 95th percentiles, each with linear interpolation, as in MONAI.
    ``average_surface_distance_mm`` is the mean over the distances of both directions together.
    ``nsd``, the normalized surface Dice, is the share of the voxels of both surfaces that lie
    within the tolerance of the other. Voxels count alike, as in MONAI; DeepMind's surface-distance
    weighs them by their area.

    Args:
        predicted: mask ``[X, Y, Z]``, bool.
        reference: mask ``[X, Y, Z]``, bool.
        spacing: of the voxels along each axis.
        known: where the reference is known, bool; None for everywhere. Both masks are empty
            elsewhere, and surfaces end there as at the border.
        voxels: that are known in the volume, where the masks are a part of it. That part has all
            voxels of both and those around them. None for a whole volume.
        tolerance: within which surfaces agree, in the unit of ``spacing``; None for no ``nsd``.

    Returns:
        Both distances in the unit of ``spacing``. They are 0 where both masks fill the volume, and
        None where a mask is empty or one alone fills it. ``nsd`` is then 1 where both are alike,
        and else 0.

    References:
        Nikolov et al. 2021, Journal of Medical Internet Research 23(7) (normalized surface Dice).
        Taha and Hanbury 2015, BMC Medical Imaging 15:29; Maier-Hein et al. 2024, Nature Methods 21.
    """
    if not predicted.any() or not reference.any():
        is_absent = not predicted.any() and not reference.any()
        return _surface_row(None, None, nsd=float(is_absent), tolerance=tolerance)
    box = _joint_box(predicted | reference)
    known_in_box = None if known is None else known[box]
    a = surface(predicted[box], known_in_box)
    b = surface(reference[box], known_in_box)
    if not a.any() or not b.any():
        if voxels is None:
            voxels = _known_voxels(predicted, known)
        if predicted.sum() == voxels and reference.sum() == voxels:
            return _surface_row(0.0, 0.0, nsd=1.0, tolerance=tolerance)
        return _surface_row(None, None, nsd=0.0, tolerance=tolerance)
    positions_a = np.argwhere(a) * spacing
    positions_b = np.argwhere(b) * spacing
    to_b = _distances(positions_a, positions_b)
    to_a = _distances(positions_b, positions_a)
    hd95 = max(np.percentile(to_b, 95), np.percentile(to_a, 95))
    both_ways = np.concatenate([to_b, to_a])
    nsd = 0.0
    if tolerance is not None:
        nsd = float(np.mean(both_ways <= tolerance * _ROUNDING))
    return _surface_row(float(hd95), float(both_ways.mean()), nsd=nsd, tolerance=tolerance)


def with_diagonal(
    scores: dict[str, float | None],
    shape: tuple[int, ...],
    spacing: np.ndarray,
) -> dict[str, float | None]:
    """Scores in which a missed or invented structure is as far off as the volume allows.

    Args:
        scores: of `presence_scores` and `surface_scores`.
        shape: of the volume, in voxels.
        spacing: of the voxels along each axis.

    Returns:
        The scores. Both distances of such a structure are that of the volume's outermost voxel
        centres; all others are as they were.
    """
    if not (scores["missed"] or scores["invented"]):
        return scores
    extent = (np.array(shape) - 1) * spacing
    diagonal = float(np.linalg.norm(extent))
    return scores | _distance_row(diagonal, diagonal)


def _distance_row(hd95: float | None, average: float | None) -> dict[str, float | None]:
    return {"hd95_mm": hd95, "average_surface_distance_mm": average}


def _known_voxels(mask: np.ndarray, known: np.ndarray | None) -> int:
    if known is None:
        return mask.size
    return int(np.count_nonzero(known))


def _surface_row(
    hd95: float | None, average: float | None, *, nsd: float, tolerance: float | None
) -> dict[str, float | None]:
    row = _distance_row(hd95, average)
    if tolerance is not None:
        row["nsd"] = nsd
    return row


def _distances(positions: np.ndarray, others: np.ndarray) -> np.ndarray:
    """From each position ``[n, 3]`` to the nearest of others ``[m, 3]``, ``[n]``.

    A surface has few of the voxels of its box. So it is faster to look up the nearest than to
    compute the distance of every voxel.
    """
    distances, _ = spatial.KDTree(others).query(positions, workers=-1)
    return np.asarray(distances)


def _joint_box(mask: np.ndarray) -> tuple[slice, ...]:
    """The box of a mask with a voxel around it within the volume.

    With that voxel, surfaces in the box are those in the whole volume.
    """
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    return tuple(slice(max(extent.start - 1, 0), extent.stop + 1) for extent in box)
