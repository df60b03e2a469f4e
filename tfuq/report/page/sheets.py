"""Volumes as pictures that a page can hold.

Slices are side by side on one sheet, and thinned out where they are many.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tfuq.report.slices import CaseArrays, other_axes, upright

_MOST_SLICES = 32
_MOST_PIXELS = 192
_MARGIN = 2  # slices to either side of what is labelled
_LEVELS = 48  # of a map: as many as an eye tells apart, and small when compressed
_PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The part of a volume that is shown.

    Attributes:
        axis: The voxel axis that slices are taken along.
        slices: The slices that are shown.
        step: Every how many pixels one is shown.
        count: How many slices the volume has.
    """

    axis: int
    slices: list[int]
    step: int
    count: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return len(self.slices) == self.count and self.step == 1


def choose_window(labelled: np.ndarray, axis: int) -> Window:
    """Choose the slices where anything is labelled, and two to either side.

    Args:
        labelled: Which voxels are labelled, ``[X, Y, Z]``.
        axis: The voxel axis that slices are taken along.

    Returns:
        The slices, thinned to what a page can hold; all of them where nothing is labelled.
    """
    others = other_axes(axis)
    low, high = _bounds(np.any(labelled, axis=others))
    positions = np.linspace(low, high, min(_MOST_SLICES, high - low + 1))
    slices = np.unique(positions.round().astype(int))
    largest = max(labelled.shape[other] for other in others)
    return Window(
        axis=axis,
        slices=slices.tolist(),
        step=-(-largest // _MOST_PIXELS),
        count=labelled.shape[axis],
    )


def _bounds(is_labelled: np.ndarray) -> tuple[int, int]:
    """The first and the last slice to show, of those that are labelled or not, ``[slices]``."""
    indices = np.flatnonzero(is_labelled)
    last = len(is_labelled) - 1
    if not len(indices):
        return 0, last
    return max(indices[0] - _MARGIN, 0), min(indices[-1] + _MARGIN, last)


def to_sheet(array: np.ndarray, affine: np.ndarray, window: Window) -> tuple[np.ndarray, float]:
    """Take the slices of a window, each turned as radiologists look at it.

    Args:
        array: A volume ``[X, Y, Z]``.
        affine: From voxels to mm, ``[4, 4]``.
        window: The part of the volume to take.

    Returns:
        The slices ``[n, rows, columns]``, and a pixel's height over its width.
    """
    planes = []
    for index in window.slices:
        plane, aspect = upright(np.take(array, index, window.axis), affine, window.axis)
        planes.append(plane[:: window.step, :: window.step])
    return np.stack(planes), aspect


def grey(array: np.ndarray) -> np.ndarray:
    """Scale intensities to 0 to 255, from about the darkest to about the brightest."""
    low, high = np.percentile(array, _PERCENTILES)
    share: np.ndarray = np.clip((array - low) / (high - low or 1.0), 0, 1)
    return (share * 255).astype(np.uint8)


def shades(array: np.ndarray, top: float) -> np.ndarray:
    """Scale a map's values from 0 to ``top`` to 0 to 255, in steps."""
    levels: np.ndarray = np.rint(np.clip(array / top, 0, 1) * _LEVELS)
    return (levels * (255 / _LEVELS)).astype(np.uint8)


def picture(planes: np.ndarray) -> str:
    """Write slices below each other as the address of a PNG that a page holds itself.

    Args:
        planes: The slices ``[n, rows, columns]``, uint8.
    """
    return encoded(Image.fromarray(planes.reshape(-1, planes.shape[-1])))


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> str:
    """Write a picture as an address that holds it.

    Args:
        image: The picture.
        kind: Its format, as Pillow names it.
        options: Of Pillow's writer of that format.
    """
    stream = io.BytesIO()
    image.save(stream, kind, optimize=True, **options)
    content = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{content}"


def labelled_anywhere(arrays: list[CaseArrays]) -> np.ndarray:
    """Which voxels ``[X, Y, Z]`` the reference or any method labels.

    Args:
        arrays: A case as each method predicted it.
    """
    is_labelled = np.zeros(arrays[0].label.shape, bool)
    if arrays[0].truth is not None:
        is_labelled |= arrays[0].drawn_truth > 0
    for case in arrays:
        is_labelled |= case.label > 0
    return is_labelled
