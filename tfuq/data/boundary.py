"""Where a label map changes: the one definition of a boundary.

Scores, measures and benchmarks share it.
"""

from __future__ import annotations

import numpy as np


def at_boundary(labels: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Find the voxels that have a face neighbour of another value.

    Only neighbours within the array count. So an axis of length one has no boundary, and neither
    has the border of the volume: a structure that reaches it is taken to go on beyond it. This is
    the contour of ITK's ``LabelContourImageFilter`` and of scikit-image's ``find_boundaries``.
    Libraries that erode with zeros about the volume (MONAI, MedPy) count every voxel of a structure
    in the first and last slices instead.

    Args:
        labels: A mask or label map of any rank.
        known: Where something is known, bool of the same shape; None for everywhere. Elsewhere it
            is as beyond the border: no boundary, and no neighbour.

    Returns:
        Mask of ``labels``' shape. Of a mask, it has the outermost voxels inside and the voxels that
        touch them outside.
    """
    boundary = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        planes = np.moveaxis(labels, axis, 0)
        marks = np.moveaxis(boundary, axis, 0)  # a view
        differs = planes[1:] != planes[:-1]
        if known is not None:
            known_planes = np.moveaxis(known, axis, 0)
            differs &= known_planes[1:] & known_planes[:-1]
        marks[1:] |= differs
        marks[:-1] |= differs
    return boundary


def surface(mask: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Keep the voxels of a mask that are `at_boundary`: its outermost ones.

    There are none where the mask is empty or fills the volume, or all that is known of it.
    """
    outermost: np.ndarray = mask & at_boundary(mask, known)
    return outermost
