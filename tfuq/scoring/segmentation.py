"""How well a segmentation agrees with its reference: overlap, size, and distances between surfaces.

Lengths and sizes are in the unit of the grid. They go by the names that scans have, in mm and mm³; `tfuq.data.units`
names those of plain images.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tfuq.data.boundary import surface


def dice(predicted: np.ndarray, reference: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|) of two masks; 1 where both are empty."""
    total = np.count_nonzero(predicted) + np.count_nonzero(reference)
    return 2.0 * np.count_nonzero(predicted & reference) / total if total else 1.0


def overlap_scores(predicted: np.ndarray, reference: np.ndarray, voxel_volume: float) -> dict[str, float | None]:
    """Dice, IoU, precision, recall (in 0…1; None where the denominator is empty) and predicted less true volume."""
    both = np.count_nonzero(predicted & reference)
    a, b = np.count_nonzero(predicted), np.count_nonzero(reference)
    return {
        "dice": dice(predicted, reference),
        "iou": both / (a + b - both) if a + b else 1.0,
        "precision": both / a if a else None,
        "recall": both / b if b else None,
        "volume_difference_mm3": (a - b) * voxel_volume,
    }


def surface_scores(predicted: np.ndarray, reference: np.ndarray, spacing: np.ndarray) -> dict[str, float | None]:
    """Measure how far two surfaces lie apart.

    A surface has the mask's voxels with a face neighbour outside it, within the volume: its border and axes of length
    one have none, see `tfuq.data.boundary.at_boundary`. Distances run between voxel centres, from each voxel of one
    surface to the nearest of the other. ``hd95_mm`` is the larger of the two directed 95th percentiles, each with
    linear interpolation, as in MONAI. ``average_surface_distance_mm`` is the mean over the distances of both
    directions together.

    Args:
        predicted, reference: masks ``[X, Y, Z]``.
        spacing: of the voxels along each axis.

    Returns:
        Both distances in the unit of ``spacing``. 0 where both masks fill the volume, None where a mask is empty or one alone fills it.

    References:
        Taha and Hanbury 2015, BMC Medical Imaging 15:29; Maier-Hein et al. 2024, Nature Methods 21.
    """
    if not predicted.any() or not reference.any():
        return _both(None)
    box = _joint_box(predicted | reference)
    a, b = surface(predicted[box]), surface(reference[box])
    if not a.any() or not b.any():
        return _both(0.0 if predicted.all() and reference.all() else None)
    to_b = ndimage.distance_transform_edt(~b, sampling=spacing)[a]
    to_a = ndimage.distance_transform_edt(~a, sampling=spacing)[b]
    hd95 = max(np.percentile(to_b, 95), np.percentile(to_a, 95))
    return {"hd95_mm": float(hd95), "average_surface_distance_mm": float(np.concatenate([to_b, to_a]).mean())}


def _both(distance: float | None) -> dict[str, float | None]:
    return {"hd95_mm": distance, "average_surface_distance_mm": distance}


def _joint_box(mask: np.ndarray) -> tuple[slice, ...]:
    """The box of a mask with a voxel around it within the volume, so that surfaces in it are those in the whole volume."""
    (box,) = ndimage.find_objects(mask.astype(np.uint8))
    return tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
