"""Intensities of an image as a screen shows them, and the window that they are shown in."""

from __future__ import annotations

import numpy as np

_PERCENTILES = (0.5, 99.5)
_WHITE = 255
_COLOURS = 3


def grey(array: np.ndarray) -> np.ndarray:
    """Scale intensities to 0 to 255, from about the darkest to about the brightest.

    Args:
        array: Of any shape. Channels are scaled alike, so that colours keep their hue.
    """
    low, high = _window(array)
    share: np.ndarray = np.clip((array - low) / (high - low or 1.0), 0, 1)
    return (share * _WHITE).astype(np.uint8)


def window_text(array: np.ndarray) -> str:
    """Say which intensities `grey` makes black and white."""
    low, high = _window(array)
    return f"black at {low:.4g}, white at {high:.4g} (0.5 and 99.5 % of the case's intensities)"


def _window(array: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(array, _PERCENTILES)
    return float(low), float(high)


def colours(array: np.ndarray) -> np.ndarray:
    """A colour image as it is stored, where it has values of 8 bits; else scaled as by `grey`.

    Args:
        array: ``[..., 3]``.
    """
    if is_of_bytes(array):
        return array.astype(np.uint8)
    return grey(array)


def colour_text(array: np.ndarray) -> str:
    """Say how `colours` shows an image."""
    if is_of_bytes(array):
        return "colours as stored"
    return f"colours, {window_text(array)}"


def is_of_bytes(array: np.ndarray) -> bool:
    """Whether all values are whole numbers from 0 to 255."""
    if array.min() < 0 or array.max() > _WHITE:
        return False
    return bool((array == np.rint(array)).all())


def is_colour(array: np.ndarray) -> bool:
    """Whether the last axis has the three channels of a colour image."""
    return bool(array.shape[-1] == _COLOURS)
