"""Images of dots, and where a dot is found."""

import numpy as np

SHAPE = (60, 80)


def dots(points, shape=SHAPE) -> np.ndarray:
    """An image with a channel for each point: a narrow bright dot centred on it."""
    rows, columns = np.indices(shape)[..., None]
    squares = (columns - points[:, 0]) ** 2 + (rows - points[:, 1]) ** 2
    return np.exp(-squares / (2 * 1.2**2)).astype(np.float32)


def centres(image) -> np.ndarray:
    """The centre of gravity of each channel's bright part, as (x, y)."""
    bright = np.where(image > 0.05 * image.max((0, 1)), image, 0)
    rows, columns = np.indices(image.shape[:2])[..., None]
    moments = np.stack([(columns * bright).sum((0, 1)), (rows * bright).sum((0, 1))], -1)
    return moments / bright.sum((0, 1))[:, None]
