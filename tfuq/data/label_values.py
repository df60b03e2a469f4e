"""Values of label maps: which there are, how many voxels have each, and others in their place.

A label map is gone through part by part, so that little memory is taken beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

_BLOCK = 2**20  # voxels
_MOST_COUNTED = 2**16  # values, from the lowest to the highest, that are counted and not sorted
_BYTES = 256  # values of a uint8


def class_counts(labels: np.ndarray) -> np.ndarray:
    """Count the voxels of each value.

    Args:
        labels: Classes, uint8 of any shape.

    Returns:
        ``[256]``.
    """
    counts = np.zeros(_BYTES, np.int64)
    flat = labels.ravel(order="K")
    for place in _places(flat.size):
        counts += np.bincount(flat[place], minlength=_BYTES)
    return counts


def distinct_values(labels: np.ndarray) -> np.ndarray:
    """The different values, sorted, in the data type of the labels.

    Args:
        labels: Of any shape and data type.
    """
    flat = labels.ravel(order="K")
    values = flat[:0]
    for place in _places(flat.size):
        values = np.union1d(values, _distinct_of_block(flat[place]))
    return values


def _distinct_of_block(block: np.ndarray) -> np.ndarray:
    if block.dtype.kind not in "iu" or block.dtype.itemsize > 4:
        return np.unique(block)
    low = int(block.min())
    if int(block.max()) - low >= _MOST_COUNTED:
        return np.unique(block)
    present = np.bincount(block.astype(np.int64) - low)
    return (np.flatnonzero(present) + low).astype(block.dtype)


def replaced(labels: np.ndarray, values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Replace values by classes.

    Args:
        labels: Of any shape and data type.
        values: All that they have, sorted, ``[n]``.
        classes: That of each value, uint8 ``[n]``.

    Returns:
        Classes of the labels' shape, in the order of their memory, uint8.
    """
    order: Literal["C", "F"] = "F" if labels.flags.f_contiguous else "C"
    flat = labels.ravel(order=order)
    result = np.empty(flat.size, np.uint8)
    for place in _places(flat.size):
        result[place] = classes[np.searchsorted(values, flat[place])]
    return result.reshape(labels.shape, order=order)


def _places(voxels: int) -> Iterator[slice]:
    for start in range(0, voxels, _BLOCK):
        yield slice(start, start + _BLOCK)
