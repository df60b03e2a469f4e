"""Volumes as pictures that a page can hold: slices side by side on one sheet, thinned out where they are many."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tfuq.report.segmentation import CaseArrays, upright

_MOST_SLICES, _MOST_PIXELS, _AROUND = 32, 192, 2
_LEVELS = 48  # of a map: as many as an eye tells apart, and small when compressed
_PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True)
class Window:
    """Which slices of a volume are shown, and every how many pixels."""

    axis: int
    slices: list[int]
    step: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return len(self.slices) == self.of and self.step == 1


def choose_window(labelled: np.ndarray, axis: int) -> Window:
    """The slices where anything is labelled in ``[X, Y, Z]`` and two to either side, thinned to what a page can hold."""
    others = tuple(a for a in range(3) if a != axis)
    found = np.flatnonzero(labelled.any(others))
    count = labelled.shape[axis]
    low, high = (max(found[0] - _AROUND, 0), min(found[-1] + _AROUND, count - 1)) if len(found) else (0, count - 1)
    slices = np.unique(np.linspace(low, high, min(_MOST_SLICES, high - low + 1)).round().astype(int))
    step = -(-max(labelled.shape[a] for a in others) // _MOST_PIXELS)
    return Window(axis, slices.tolist(), step, count)


def to_sheet(array: np.ndarray, affine: np.ndarray, window: Window) -> tuple[np.ndarray, float]:
    """The slices ``[n, rows, columns]``, each turned as radiologists look at it, and a pixel's height over its width."""
    planes = [upright(np.take(array, index, window.axis), affine, window.axis) for index in window.slices]
    return np.stack([plane[:: window.step, :: window.step] for plane, _ in planes]), planes[0][1]


def grey(array: np.ndarray) -> np.ndarray:
    """Intensities as 0 to 255, from about the darkest to about the brightest."""
    low, high = np.percentile(array, _PERCENTILES)
    return (np.clip((array - low) / (high - low or 1.0), 0, 1) * 255).astype(np.uint8)


def shades(array: np.ndarray, top: float) -> np.ndarray:
    """A map's values from 0 to ``top`` as 0 to 255, in steps."""
    return (np.rint(np.clip(array / top, 0, 1) * _LEVELS) * (255 / _LEVELS)).astype(np.uint8)


def picture(planes: np.ndarray) -> str:
    """Slices ``[n, rows, columns]`` uint8 below each other, as the address of a PNG that a page holds itself."""
    return encoded(Image.fromarray(planes.reshape(-1, planes.shape[-1])))


def encoded(image: Image.Image, kind: str = "PNG", **options) -> str:
    """A picture as an address that holds it."""
    stream = io.BytesIO()
    image.save(stream, kind, optimize=True, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def labelled_anywhere(arrays: list[CaseArrays]) -> np.ndarray:
    """Voxels that the reference or any method labels."""
    labels = [case.label for case in arrays] + [case.truth for case in arrays[:1] if case.truth is not None]
    return np.any([label > 0 for label in labels], axis=0)
