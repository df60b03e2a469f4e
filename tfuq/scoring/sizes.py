"""How much a conformal promise says: sizes of its sets, bounds, intervals and radii, meaned over cases.

A promise that excludes nothing is always kept. So each size comes with ``vacuous``, the share of cases about which the promise says
nothing: a set that holds every class, an upper bound or a volume interval that leaves less than 1 % of the image out, a lower
bound without a voxel, a radius of half the image's diagonal or more.
"""

from __future__ import annotations

import numpy as np

NEARLY_ALL = 0.99  # share of an image
Size = dict[str, float | None]


def set_size(sets: np.ndarray) -> Size:
    """Of sets of classes ``[n, K]`` bool: their mean size, and the shares that are empty, of one class, and of all classes."""
    sizes = sets.sum(1)
    return {
        "mean_set_size": float(sizes.mean()),
        "empty": float((sizes == 0).mean()),
        "single": float((sizes == 1).mean()),
        "vacuous": float((sizes == sets.shape[1]).mean()),
    }


def upper_size(upper: np.ndarray, reference: np.ndarray, image: np.ndarray) -> Size:
    """Of upper bounds of a structure, from the voxels ``[n]`` of bound, reference and image: the mean share of the image, and the
    mean ratio to the reference over the cases that have the structure (None where none has)."""
    share = upper / image
    return {
        "image_share": float(share.mean()),
        "to_reference": _mean_ratio(upper, reference),
        "vacuous": float((share >= NEARLY_ALL).mean()),
    }


def lower_size(lower: np.ndarray, reference: np.ndarray) -> Size:
    """Of lower bounds of a structure, from voxels ``[n]``: the mean ratio to the reference, as of `upper_size`."""
    return {"to_reference": _mean_ratio(lower, reference), "vacuous": float((lower == 0).mean())}


def interval_size(low: np.ndarray, high: np.ndarray, reference: np.ndarray, image: np.ndarray) -> Size:
    """Of volume intervals, all ``[n]`` in one unit: the mean ratio of their width to the reference, as of `upper_size`."""
    spans = (low <= (1 - NEARLY_ALL) * image) & (high - low >= NEARLY_ALL * image)
    return {"width_to_reference": _mean_ratio(high - low, reference), "vacuous": float(spans.mean())}


def radius_size(radii: np.ndarray, diagonals: np.ndarray) -> Size:
    """Of radii about landmarks, and the diagonals of their images ``[n]`` in the same unit: the mean radius, and its mean share of
    half the diagonal, at which a circle about the centre holds the whole image."""
    share = 2 * radii / diagonals
    return {
        "mean_radius": float(radii.mean()),
        "half_diagonal_share": float(share.mean()),
        "vacuous": float((share >= 1).mean()),
    }


def _mean_ratio(values: np.ndarray, reference: np.ndarray) -> float | None:
    there = reference > 0
    return float((values[there] / reference[there]).mean()) if there.any() else None
