"""Volumes as pictures that a page can hold.

Slices are below each other on one sheet. They have the volume's own pixels up to `MOST_PIXELS`
along each side, and there are as many of them as there is room for.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from tfuq.report.slices import CaseArrays, other_axes, upright

MOST_SLICES = 32
MOST_PIXELS = 512  # along a side of a slice
MOST_PIXELS_ALONE = 1024  # along a side of a picture that is a case's only one
_CUT_FROM = 256  # pixels along a side, from which on slices are cut to what is labelled
_MARGIN = 2  # slices to either side of what is labelled
_CUT_MARGIN = 0.2  # of the size of what is labelled, to either side
_LEAST_CUT_MARGIN = 24  # pixels
_LOSSLESS = 192  # pixels along a side, up to which a picture is a PNG
_QUALITY = 88  # of a JPEG
_LEVELS = 48  # of a map: as many as an eye tells apart, and small when compressed
Box = tuple[slice, slice]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The part of a volume that is shown.

    Attributes:
        axis: The voxel axis that slices are taken along.
        slices: The slices that are shown.
        step: Every how many pixels one is shown.
        count: How many slices the volume has.
        box: The part of each slice that is shown, along the other two axes; None of all of it.
    """

    axis: int
    slices: list[int]
    step: int
    count: int
    box: Box | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return len(self.slices) == self.count and self.step == 1 and self.box is None

    def showing(self, count: int, index: int) -> Window:
        """The window with so many of its slices, evenly apart, one of which is ``index``."""
        positions = np.linspace(0, len(self.slices) - 1, min(count, len(self.slices)))
        slices = [self.slices[position] for position in positions.round().astype(int)]
        nearest = min(range(len(slices)), key=lambda number: abs(slices[number] - index))
        slices[nearest] = index
        return replace(self, slices=sorted(set(slices)))


def choose_window(labelled: np.ndarray, axis: int) -> Window:
    """Choose the slices where anything is labelled, and two to either side.

    Large slices are cut to what is labelled, with a margin.

    Args:
        labelled: Which voxels are labelled, ``[X, Y, Z]``.
        axis: The voxel axis that slices are taken along.

    Returns:
        The slices, thinned to what a page can hold; all of them where nothing is labelled.
    """
    others = other_axes(axis)
    low, high = _bounds(np.any(labelled, axis=others), _MARGIN)
    positions = np.linspace(low, high, min(MOST_SLICES, high - low + 1))
    slices = np.unique(positions.round().astype(int))
    box = _box(labelled, axis)
    sizes = [part.stop - part.start for part in box]
    shown_box = None
    if sizes != [labelled.shape[other] for other in others]:
        shown_box = box
    most = MOST_PIXELS
    if labelled.shape[axis] == 1:
        most = MOST_PIXELS_ALONE
    return Window(
        axis=axis,
        slices=slices.tolist(),
        step=-(-max(sizes) // most),
        count=labelled.shape[axis],
        box=shown_box,
    )


def _box(labelled: np.ndarray, axis: int) -> Box:
    """The part of each slice to show: what is labelled in any, with a margin."""
    parts = []
    for other in other_axes(axis):
        is_labelled = np.any(labelled, axis=other_axes(other))
        size = len(is_labelled)
        low, high = 0, size - 1
        if size > _CUT_FROM and labelled.shape[axis] > 1:
            margin = max(_LEAST_CUT_MARGIN, int(_CUT_MARGIN * is_labelled.sum()))
            low, high = _bounds(is_labelled, margin)
        parts.append(slice(int(low), int(high) + 1))
    first, second = parts
    return first, second


def _bounds(is_labelled: np.ndarray, margin: int) -> tuple[int, int]:
    """The first and the last position to show, of those that are labelled or not, ``[n]``."""
    indices = np.flatnonzero(is_labelled)
    last = len(is_labelled) - 1
    if not len(indices):
        return 0, last
    return max(indices[0] - margin, 0), min(indices[-1] + margin, last)


def to_sheet(
    array: np.ndarray,
    affine: np.ndarray,
    window: Window,
    *,
    is_averaged: bool = False,
) -> tuple[np.ndarray, float]:
    """Take the slices of a window, each turned as radiologists look at it.

    Args:
        array: A volume ``[X, Y, Z]`` or ``[X, Y, Z, 3]``.
        affine: From voxels to mm, ``[4, 4]``.
        window: The part of the volume to take.
        is_averaged: Whether a pixel is the mean of those that it stands for, and not the first.

    Returns:
        The slices ``[n, rows, columns(, 3)]``, and a pixel's height over its width.
    """
    planes = []
    for index in window.slices:
        plane = np.take(array, index, window.axis)
        if window.box:
            plane = plane[window.box]
        plane, aspect = upright(plane, affine, window.axis)
        if is_averaged and window.step > 1:
            planes.append(_block_means(plane, window.step))
        else:
            planes.append(plane[:: window.step, :: window.step])
    return np.stack(planes), aspect


def _block_means(plane: np.ndarray, step: int) -> np.ndarray:
    """Means over squares of pixels; those at the edge count what there is of them."""
    rows, columns = plane.shape[:2]
    starts = np.arange(0, rows, step), np.arange(0, columns, step)
    sums = np.add.reduceat(np.add.reduceat(plane.astype(float), starts[0], 0), starts[1], 1)
    heights = np.diff(np.append(starts[0], rows))
    widths = np.diff(np.append(starts[1], columns))
    counts = np.multiply.outer(heights, widths)
    means: np.ndarray = sums / counts.reshape(counts.shape + (1,) * (plane.ndim - 2))
    if plane.dtype.kind in "ui":
        means = means.round()
    return means.astype(plane.dtype)


def shades(array: np.ndarray, top: float) -> np.ndarray:
    """Scale a map's values from 0 to ``top`` to 0 to 255, in steps."""
    levels: np.ndarray = np.rint(np.clip(array / top, 0, 1) * _LEVELS)
    return (levels * (255 / _LEVELS)).astype(np.uint8)


def picture(planes: np.ndarray, *, is_exact: bool = True) -> str:
    """Write slices below each other as the address of a picture that a page holds itself.

    Args:
        planes: The slices ``[n, rows, columns(, 3)]``, uint8.
        is_exact: Whether every value counts, as of labels. Other large pictures are JPEGs.
    """
    rows, columns = planes.shape[1:3]
    image = Image.fromarray(planes.reshape(-1, *planes.shape[2:]))
    if is_exact or max(rows, columns) <= _LOSSLESS:
        return encoded(image)
    return encoded(image, "JPEG", quality=_QUALITY)


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
