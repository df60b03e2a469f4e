"""What perturbations that multiply or raise a signal need to know of its zero."""

from __future__ import annotations

import numpy as np


def above_floor(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An image ``[X, Y, Z, C]`` less its floor, each channel's smallest value, and that floor."""
    floor = image.min((0, 1, 2), keepdims=True)
    return image - floor, floor
