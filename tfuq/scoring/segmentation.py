"""How well a segmentation agrees with its reference: overlap, volume, and surface distances in mm."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def dice(predicted: np.ndarray, reference: np.ndarray) -> float:
    """2|A∩B| / (|A|+|B|) of two masks; 1 where both are empty."""
    total = np.count_nonzero(predicted) + np.count_nonzero(reference)
    return 2.0 * np.count_nonzero(predicted & reference) / total if total else 1.0


def overlap_scores(predicted: np.ndarray, reference: np.ndarray, voxel_volume: float) -> dict[str, float | None]:
    """Dice, IoU, precision, recall (in 0…1; None where the denominator is empty) and predicted less true volume in mm³."""
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
    """95th percentile and mean of the distances (mm) between the two surfaces, both ways pooled; None if one is empty.

    A surface is the mask's voxels with a face neighbour outside it; distances run between voxel centres.
    """
    if not predicted.any() or not reference.any():
        return {"hd95_mm": None, "average_surface_distance_mm": None}
    box = _joint_box(predicted | reference)
    a, b = _surface(predicted[box]), _surface(reference[box])
    to_b = ndimage.distance_transform_edt(~b, sampling=spacing)[a]
    to_a = ndimage.distance_transform_edt(~a, sampling=spacing)[b]
    hd95 = max(np.percentile(to_b, 95), np.percentile(to_a, 95))
    return {"hd95_mm": float(hd95), "average_surface_distance_mm": float(np.concatenate([to_b, to_a]).mean())}


def _surface(mask: np.ndarray) -> np.ndarray:
    return mask & ~ndimage.binary_erosion(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]


def _joint_box(mask: np.ndarray) -> tuple[slice, ...]:
    return ndimage.find_objects(mask.astype(np.uint8))[0]
