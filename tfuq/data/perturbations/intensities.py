"""What perturbations that multiply or raise a signal need to know of its zero."""

from __future__ import annotations

import numpy as np


def above_floor(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the floor, each channel's smallest value, from an image.

    Args:
        image: ``[X, Y, Z, C]``.

    Returns:
        The image less its floor, and the floor ``[1, 1, 1, C]``.
    """
    floor = image.min((0, 1, 2), keepdims=True)
    return image - floor, floor
