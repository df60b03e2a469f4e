"""Pictures of the measures of landmarks: what a low and a high value are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from docs.generate.picture import Picture, below, hide_ticks, show, two_places, written
from docs.generate.scenes import SAMPLES, SIDE
from tfuq.measures.catalogue import OF_LANDMARKS
from tfuq.measures.landmark import landmark_measures
from tfuq.report.plotting import BLUE, VERMILION

_SEED = 4
_NOISE = 0.12  # of a heatmap


@dataclass(frozen=True)
class _Landmark:
    """Samples of a landmark.

    Attributes:
        says: What they look like, in words.
        spread: Standard deviation of the positions along an axis, in pixels.
        predicted: Standard deviation along an axis that the network predicts, in pixels.
        height: Of the heatmap's peak.
    """

    says: str
    spread: float = 1.0
    predicted: float = 1.0
    height: float = 0.9

    @property
    def points(self) -> np.ndarray:
        """Samples of the position, ``[T, 2]`` in pixels."""
        return np.random.default_rng(_SEED).normal(SIDE / 2, self.spread, (SAMPLES, 2))

    @property
    def measures(self) -> dict[str, float]:
        """As tfuq computes them."""
        variances = np.full((SAMPLES, 2), self.predicted**2)
        return landmark_measures(self.points, np.full(SAMPLES, self.height), None, variances)

    @property
    def heatmap(self) -> np.ndarray:
        """A heatmap with its peak, ``[X, Y]``."""
        rows, columns = np.indices((SIDE, SIDE)) - SIDE / 2
        peak = self.height * np.exp(-(rows**2 + columns**2) / (2 * 3.0**2))
        others = np.random.default_rng(_SEED).uniform(0, _NOISE, peak.shape)
        return np.maximum(peak, others)


_TOGETHER = _Landmark("samples lie together")
_APART = _Landmark("samples lie apart", spread=5.0)
_WIDE = _Landmark("the network predicts a wide place", predicted=6.0)
_BOTH = _Landmark("samples lie apart, and each is wide", spread=5.0, predicted=6.0)
_FLAT = _Landmark("the peak is hardly above the rest", height=0.2)
_PEAK = _Landmark("one clear peak")
# Kinds of measures with a low and a high value of each.
_PAIRS = {
    "variance": (_TOGETHER, _APART),
    "mean_radial_spread": (_TOGETHER, _APART),
    "landmark_aleatoric_variance": (_TOGETHER, _WIDE),
    "landmark_epistemic_variance": (_TOGETHER, _APART),
    "total_variance": (_TOGETHER, _BOTH),
    "max_activation": (_FLAT, _PEAK),
}
_UNITS = {measure.name: measure.unit for measure in OF_LANDMARKS}
_UNITS["epistemic_variance"] = _UNITS["variance"]


def pictures_of_landmarks() -> Iterator[Picture]:
    """A picture of each kind of measure."""
    for kind, pair in _PAIRS.items():
        name = kind.removeprefix("landmark_")
        draw = partial(_draw_positions, name, pair)
        if name == "max_activation":
            draw = partial(_draw_heatmaps, name, pair)
        yield Picture(kind, _in_words(name, pair), draw)


def _title(name: str, word: str, landmark: _Landmark) -> str:
    return f"{word}: {written(landmark.measures[name], _UNITS[name])}\n{landmark.says}"


def _in_words(name: str, pair: tuple[_Landmark, _Landmark]) -> str:
    parts = []
    for word, landmark in zip(("Low", "High"), pair, strict=True):
        value = written(landmark.measures[name], _UNITS[name])
        parts.append(f"{word}, {value}: {landmark.says}.")
    return " ".join(parts)


def _draw_positions(name: str, pair: tuple[_Landmark, _Landmark]) -> Figure:
    figure, places = two_places()
    for axes, word, landmark in zip(places, ("low", "high"), pair, strict=True):
        for point in landmark.points:
            circle = Circle(point, landmark.predicted, fill=False, color=BLUE, alpha=0.35)
            axes.add_patch(circle)
        axes.scatter(*landmark.points.T, s=14, color=BLUE)
        axes.scatter(*landmark.points.mean(0), s=80, color=VERMILION, marker="+")
        _frame(axes)
        axes.set_title(_title(name, word, landmark), fontsize=10)
    below(
        figure,
        "samples, the width that each predicts (circles), and their mean (+); "
        f"the frame: {SIDE} × {SIDE} pixels",
    )
    return figure


def _frame(axes: Axes) -> None:
    axes.set_xlim(0, SIDE)
    axes.set_ylim(0, SIDE)
    axes.set_aspect("equal")
    hide_ticks(axes)


def _draw_heatmaps(name: str, pair: tuple[_Landmark, _Landmark]) -> Figure:
    figure, places = two_places()
    for axes, word, landmark in zip(places, ("low", "high"), pair, strict=True):
        show(axes, landmark.heatmap, 1.0)
        axes.set_title(_title(name, word, landmark), fontsize=10)
    below(figure, "heatmap: how strongly the network answers at each pixel")
    return figure
