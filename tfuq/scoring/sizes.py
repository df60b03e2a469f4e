"""How much a conformal promise says: sizes of its sets, bounds, intervals and radii over cases.

A promise that excludes nothing is always kept. So each size comes with ``vacuous``, the share of
cases about which the promise says nothing: a set that holds every class, an upper bound or a volume
interval that leaves less than 1 % of the image out, a lower bound without a voxel, a radius of half
the image's diagonal or more.
"""

from __future__ import annotations

import numpy as np

NEARLY_ALL = 0.99  # share of an image
Size = dict[str, float | None]


def set_size(sets: np.ndarray) -> Size:
    """Sizes of sets of classes.

    Args:
        sets: which classes each set holds, ``[n, K]``, bool.

    Returns:
        Their mean size, and the shares that are empty, of one class, and of all classes.
    """
    sizes = sets.sum(1)
    classes = sets.shape[1]
    return {
        "mean_set_size": float(sizes.mean()),
        "empty": float((sizes == 0).mean()),
        "single": float((sizes == 1).mean()),
        "vacuous": float((sizes == classes).mean()),
    }


def upper_size(upper: np.ndarray, reference: np.ndarray, image: np.ndarray) -> Size:
    """Sizes of upper bounds of a structure.

    Args:
        upper: voxels of the bound, ``[n]``.
        reference: voxels of the reference, ``[n]``.
        image: voxels of the image, ``[n]``.

    Returns:
        The mean share of the image, and the mean ratio to the reference over the cases that have
        the structure (None where none has).
    """
    share = upper / image
    return {
        "image_share": float(share.mean()),
        "to_reference": _mean_ratio(upper, reference),
        "vacuous": float((share >= NEARLY_ALL).mean()),
    }


def lower_size(lower: np.ndarray, reference: np.ndarray) -> Size:
    """Sizes of lower bounds of a structure.

    Args:
        lower: voxels of the bound, ``[n]``.
        reference: voxels of the reference, ``[n]``.

    Returns:
        The mean ratio to the reference, as of `upper_size`.
    """
    is_empty = lower == 0
    return {"to_reference": _mean_ratio(lower, reference), "vacuous": float(is_empty.mean())}


def interval_size(
    low: np.ndarray,
    high: np.ndarray,
    reference: np.ndarray,
    image: np.ndarray,
) -> Size:
    """Sizes of volume intervals; all volumes are in one unit.

    Args:
        low: lower ends, ``[n]``.
        high: upper ends, ``[n]``.
        reference: volumes of the reference, ``[n]``.
        image: volumes of the image, ``[n]``.

    Returns:
        The mean ratio of their width to the reference, as of `upper_size`.
    """
    width = high - low
    spans_image = (low <= (1 - NEARLY_ALL) * image) & (width >= NEARLY_ALL * image)
    return {
        "width_to_reference": _mean_ratio(width, reference),
        "vacuous": float(spans_image.mean()),
    }


def radius_size(radii: np.ndarray, diagonals: np.ndarray) -> Size:
    """Sizes of radii about landmarks.

    Args:
        radii: ``[n]``.
        diagonals: of their images, ``[n]``, in the same unit.

    Returns:
        The mean radius, and its mean share of half the diagonal, at which a circle about the centre
        holds the whole image.
    """
    share = 2 * radii / diagonals
    return {
        "mean_radius": float(radii.mean()),
        "half_diagonal_share": float(share.mean()),
        "vacuous": float((share >= 1).mean()),
    }


def _mean_ratio(values: np.ndarray, reference: np.ndarray) -> float | None:
    is_present = reference > 0
    if not is_present.any():
        return None
    ratios = values[is_present] / reference[is_present]
    return float(ratios.mean())
