"""Pictures of the numbers of structures: what a low and a high value are of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.generate.picture import (
    WIDTH,
    Picture,
    below,
    hide_ticks,
    outline,
    show,
    two_places,
    written,
)
from docs.generate.scenes import SAMPLES, Scene, scenes
from tfuq.data.boundary import at_boundary
from tfuq.measures.catalogue import OF_STRUCTURES, of_map
from tfuq.measures.measure import Measure
from tfuq.report.plotting import BLUE, ORANGE, VERMILION, new_figure

# Scenes of a low and of a high value.
_OF_SHAPES = {
    "pairwise_dice": ("moved", "agree"),
    "coefficient_of_variation": ("moved", "resized"),
    "volume_dispersion": ("moved", "resized"),
}
_OF_MAPS = {
    "labelled_uncertainty": ("agree", "blurred", "expected_entropy"),
    "mean_entropy": ("agree", "blurred", "predictive_entropy"),
    "mean_mutual_information": ("agree", "some", "mutual_information"),
    "boundary_entropy": ("agree", "blurred", "predictive_entropy"),
    "boundary_mutual_information": ("agree", "moved", "mutual_information"),
}
_VOLUMES = ("agree", "resized")
_WORDS = ("low", "high")
_LABEL = "the line: the label, over which the mean is taken"
_BOUNDARY = "the lines: around the label's border, over which the mean is taken"
# What is said of the map and the lines.
_SAID = {
    "labelled_uncertainty": "the structure's part of it is averaged over the label, the line",
    "mean_entropy": _LABEL,
    "mean_mutual_information": _LABEL,
    "boundary_entropy": _BOUNDARY,
    "boundary_mutual_information": _BOUNDARY,
}


def pictures_of_structures() -> Iterator[Picture]:
    """A picture of each number that a structure has by itself."""
    named = scenes()
    measures = {measure.name: measure for measure in OF_STRUCTURES}
    yield _volumes([named[name] for name in _VOLUMES])
    for name, pair in _OF_SHAPES.items():
        both = [named[scene] for scene in pair]
        draw = partial(_draw_shapes, measures[name], both)
        yield Picture(name, in_words(measures[name], both), draw)
    for name, (low, high, map_name) in _OF_MAPS.items():
        both = [named[low], named[high]]
        draw = partial(_draw_maps, measures[name], both, map_name)
        yield Picture(name, in_words(measures[name], both), draw)


def in_words(measure: Measure, both: list[Scene]) -> str:
    """A low and a high value, and what the samples look like."""
    parts = []
    for word, scene in zip(_WORDS, both, strict=True):
        value = written(scene.structure[measure.name], measure.unit)
        parts.append(f"{word.capitalize()}, {value}: {scene.says}.")
    return " ".join(parts)


def _title(axes: Axes, word: str, measure: Measure, scene: Scene) -> None:
    value = written(scene.structure[measure.name], measure.unit)
    axes.set_title(f"{word}: {value}\n{scene.says}", fontsize=10)


def _draw_shapes(measure: Measure, both: list[Scene]) -> Figure:
    figure, places = two_places()
    for axes, word, scene in zip(places, _WORDS, both, strict=True):
        axes.imshow(scene.samples.mean(0), cmap="gray", vmin=0, vmax=1.6)
        for sample in scene.samples:
            outline(axes, sample > 0.5, ORANGE, 0.8)
        hide_ticks(axes)
        _title(axes, word, measure, scene)
    below(
        figure, f"outlines of {SAMPLES} samples; grey: the share of samples that see the structure"
    )
    return figure


def _draw_maps(measure: Measure, both: list[Scene], map_name: str) -> Figure:
    """The map that a mean is taken of, and the border of what it is taken over."""
    figure, places = two_places()
    highest = max(float(scene.maps[map_name].max()) for scene in both)
    for axes, word, scene in zip(places, _WORDS, both, strict=True):
        show(axes, scene.maps[map_name], highest)
        over = scene.label
        if measure.name.startswith("boundary"):
            over = at_boundary(scene.label[..., None])[..., 0]
        outline(axes, over)
        _title(axes, word, measure, scene)
    shown = of_map(map_name)
    below(figure, f"{shown.title} ({shown.scale}); {_SAID[measure.name]}")
    return figure


def _volumes(both: list[Scene]) -> Picture:
    parts = []
    for scene in both:
        row = scene.structure
        parts.append(
            f"{scene.says}: mean {row['volume_mean_mm3']:.0f}, standard deviation "
            f"{written(row['volume_std_mm3'], '1')}, from {row['volume_lower_mm3']:.0f} to "
            f"{row['volume_upper_mm3']:.0f} pixels"
        )
    words = f"Sizes of 20 samples of two structures. {'; '.join(parts)}."
    return Picture("volume", words, partial(_draw_volumes, both))


def _draw_volumes(both: list[Scene]) -> Figure:
    figure = new_figure(WIDTH, 2.4)
    axes = figure.add_subplot()
    for height, scene in enumerate(both):
        row = scene.structure
        sizes = (scene.samples > 0.5).sum((1, 2))
        heights = height + 0.25 * np.linspace(-1, 1, len(sizes))
        axes.scatter(sizes, heights, s=12, color=BLUE)
        lower, upper = row["volume_lower_mm3"], row["volume_upper_mm3"]
        axes.plot([lower, upper], [height, height], color=VERMILION, linewidth=2)
        axes.plot(row["volume_mean_mm3"], height, "|", color=VERMILION, markersize=18)
    axes.set_yticks(range(len(both)), [scene.says for scene in both])
    axes.set_ylim(-0.6, len(both) - 0.4)
    axes.set_xlabel("size (pixels): samples, their mean, and 2.5 to 97.5 %")
    return figure
