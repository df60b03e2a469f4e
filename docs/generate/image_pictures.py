"""Pictures of what is made of all voxels of a map, or of those about a structure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from docs.generate.picture import Picture, below, outline, show, two_places, written
from docs.generate.scenes import Scene, scenes
from tfuq.measures.catalogue.aggregations import OF_MAPS
from tfuq.scoring.aggregation import PATCH, image_level, interior_weights, upper_quantile
from tfuq.scoring.evaluation.aggregated import Aggregated

_MAP = "predictive_entropy"
_HIGHEST = math.log(2)
_ABOUT = "structure"
_REACH = 2  # pixels around a structure that belong to it
_SPACING = (1.0, 1.0, 1.0)
_OF_ALL = ("image", "patch_maximum", "uncertain_share")
_UNSURE = 0.01  # nat; below it a pixel counts as sure
# Scenes of a low and of a high value, and what the line in the picture goes around.
_PAIRS = {
    "image": ("agree", "blurred", "the label, which the mean does not look at"),
    "patch_maximum": ("agree", "some", "the patch with the largest mean"),
    "uncertain_share": ("spot", "some", "the pixels that are counted"),
    "image_quantile": ("spot", "some", "unsure pixels, from the 95th percentile on"),
    "image_top": ("agree", "spot", "unsure pixels, from the 95th percentile on"),
    "image_interior": ("moved", "some", "the pixels that count for less than half"),
    "quantile": ("agree", "some", "the pixels about the structure"),
    "top": ("agree", "blurred", "the pixels about the structure"),
    "interior": ("moved", "some", "the pixels about the structure"),
}


def pictures_of_images() -> Iterator[Picture]:
    """A picture of each number that is made of a map."""
    named = scenes()
    for kind, (low, high, around) in _PAIRS.items():
        both = (named[low], named[high])
        yield Picture(
            kind=kind,
            alternative=_in_words(kind, both, around),
            draw=partial(_draw, kind, both, around),
        )


def _number(kind: str, scene: Scene) -> float:
    """The number of a scene, as tfuq computes it."""
    values = scene.maps[_MAP][..., None]
    if kind in _OF_ALL:
        return image_level(values, _HIGHEST)[kind]
    aggregated = Aggregated(
        kinds=OF_MAPS,
        label=scene.label[..., None].astype(np.uint8),
        spacing=_SPACING,
        structures={_ABOUT: (1,)},
    )
    column = f"{kind}_{_MAP}"
    if kind in OF_MAPS:
        return aggregated.structure_numbers(_MAP, values, None)[_ABOUT][column]
    return aggregated.image_numbers(_MAP, values, None)[column]


def _value(kind: str, scene: Scene) -> str:
    unit = "nat"
    if kind == "uncertain_share":
        unit = "1"
    return written(_number(kind, scene), unit)


def _in_words(kind: str, both: tuple[Scene, Scene], around: str) -> str:
    low, high = both
    return (
        f"Two maps of predictive entropy. Low, {_value(kind, low)}: {low.says}. "
        f"High, {_value(kind, high)}: {high.says}. A line goes around {around}."
    )


def _draw(kind: str, both: tuple[Scene, Scene], around: str) -> Figure:
    figure, places = two_places()
    for axes, word, scene in zip(places, ("low", "high"), both, strict=True):
        show(axes, scene.maps[_MAP], _HIGHEST)
        outline(axes, _marked(kind, scene))
        axes.set_title(f"{word}: {_value(kind, scene)}\n{scene.says}", fontsize=10)
    below(figure, f"predictive entropy (nat); the line: {around}")
    return figure


def _marked(kind: str, scene: Scene) -> np.ndarray:
    """What the line goes around, bool ``[X, Y]``."""
    values = scene.maps[_MAP]
    if kind == "image":
        return scene.label
    if kind == "patch_maximum":
        return _patch(values)
    if kind == "uncertain_share":
        return values > _HIGHEST / 2
    if kind in ("image_quantile", "image_top"):
        return _highest(values)
    if kind == "image_interior":
        label = scene.label[..., None].astype(np.uint8)
        return interior_weights(label, _SPACING)[..., 0] < 0.5
    return ndimage.binary_dilation(scene.label, iterations=_REACH)


def _patch(values: np.ndarray) -> np.ndarray:
    """The pixels of the patch whose mean is the largest."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (PATCH, PATCH))
    means = windows.mean((2, 3))
    row, column = np.unravel_index(means.argmax(), means.shape)
    mask = np.zeros(values.shape, bool)
    mask[row : row + PATCH, column : column + PATCH] = True
    return mask


def _highest(values: np.ndarray) -> np.ndarray:
    """The pixels from the 95th percentile on that are not sure."""
    return (values >= upper_quantile(values.ravel())) & (values > _UNSURE)
