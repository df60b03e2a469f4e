"""Pictures of maps, and of the probabilities of one image."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.generate.picture import Picture, hide_ticks, outline, show, two_places, written
from docs.generate.scenes import SIDE, Scene, mosaic, scenes
from tfuq.measures.catalogue import MAXIMUM_PROBABILITY, OF_MEMBERS, OF_VARIANCES, OF_VOXELS
from tfuq.measures.measure import Measure
from tfuq.report.plotting import BLUE, GREY, ORANGE

_SHOWN = ("agree", "blurred", "moved", "some")
_EVERY = 4  # of the samples whose outlines are drawn
_CLASSES = ("A", "B", "C")
_SURE = (0.94, 0.04, 0.02)
_UNSURE = (0.40, 0.35, 0.25)


def pictures_of_maps() -> Iterator[Picture]:
    """A picture of each map, beside the samples that it is of."""
    named = scenes()
    phantom = mosaic([named[name] for name in _SHOWN])
    for measure in (*OF_VOXELS, *OF_VARIANCES, *OF_MEMBERS):
        yield Picture(
            kind=measure.name,
            alternative=_in_words(measure, phantom),
            draw=partial(_draw, measure, phantom),
        )
    yield Picture(
        kind=MAXIMUM_PROBABILITY.name,
        alternative=f"Bars of three classes. Low, {max(_UNSURE):g}: the bars are level. "
        f"High, {max(_SURE):g}: one bar stands out.",
        draw=_draw_classes,
    )


def _quadrants(values: np.ndarray) -> list[np.ndarray]:
    upper, lower = np.split(values, 2)
    return [*np.split(upper, 2, axis=1), *np.split(lower, 2, axis=1)]


def _in_words(measure: Measure, phantom: Scene) -> str:
    largest = []
    for number, values in enumerate(_quadrants(phantom.maps[measure.name]), 1):
        largest.append(f"{written(float(values.max()), measure.unit)} at {number}")
    return (
        f"Four structures ({phantom.says}) and the map of {measure.title}. "
        f"Its largest values are {', '.join(largest)}."
    )


def _draw(measure: Measure, phantom: Scene) -> Figure:
    figure, (left, right) = two_places()
    noise = np.random.default_rng(3).normal(0, 0.06, phantom.label.shape)
    left.imshow(phantom.samples.mean(0) + noise, cmap="gray")
    for sample in phantom.samples[::_EVERY]:
        outline(left, sample > 0.5, ORANGE, 0.8)
    left.set_title("scan, and outlines of five samples", fontsize=10)
    _number(left)
    show(right, phantom.maps[measure.name])
    right.set_title(f"{measure.title} ({_unit(measure)})", fontsize=10)
    _number(right)
    return figure


def _unit(measure: Measure) -> str:
    if measure.unit == "1":
        return measure.share_of or "no unit"
    return measure.unit


def _number(axes: Axes) -> None:
    hide_ticks(axes)
    for number in range(4):
        row, column = divmod(number, 2)
        axes.text(column * SIDE + 2, row * SIDE + 7, str(number + 1), color="white", fontsize=12)


def _draw_classes() -> Figure:
    figure, both = two_places()
    for axes, word, values in zip(both, ("low", "high"), (_UNSURE, _SURE), strict=True):
        colours = [BLUE if value == max(values) else GREY for value in values]
        axes.bar(_CLASSES, values, color=colours)
        axes.set_ylim(0, 1)
        axes.set_xlabel("class")
        axes.set_title(f"{word}: {max(values):g}", fontsize=10)
    both[0].set_ylabel("mean probability")
    return figure
