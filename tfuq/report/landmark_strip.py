"""Figures of a few landmarks: a picture in a row, at rising severity or by several methods.

Each landmark has its own colour. Dots are samples, a star is their mean, the radius of a circle is
their mean distance from it, and a cross is the truth.

References:
    Drevický & Kodym 2020, Evaluating deep learning uncertainty measures in cephalometric landmark
    localization (their figures of distorted and of turned heads).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import matplotlib.patheffects
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from tfuq.report.plotting import GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from tfuq.report.strips import Example, Examples, grid_of, plot_picture

MOST_LANDMARKS = 6
_SHOWN = 5
_COLOURS: Final = (SKY, VERMILION, YELLOW, GREEN, PURPLE, ORANGE)
_OUTLINE: Final = matplotlib.patheffects.withStroke(linewidth=2.0, foreground="black")
_KEY = "#777777"  # of the marks in the legend, which have no landmark
_ROW_WIDTH = 9.0  # inches of all pictures
_WIDEST = 4.5
_NARROWEST = 1.8


def landmark_strip(
    examples: Examples, names: Sequence[str], meaning: str, chosen: Sequence[int] = ()
) -> Figure:
    """Plot a picture at each severity, or by each method, with a few of its landmarks.

    Args:
        examples: The picture ``[rows, columns, C]``, its landmarks ``points [L, 2]``, NaN where
            they are not known, and those of the samples, ``found [T, L, 2]``, in its pixels (x, y),
            by severity or method.
        names: Of the L landmarks.
        meaning: The title: the perturbation and what its severity is, or the case.
        chosen: The numbers of the landmarks to show, `MOST_LANDMARKS` at most; none for a few that
            lie far from each other.
    """
    width = min(max(_ROW_WIDTH / len(examples), _NARROWEST), _WIDEST)
    rows, columns = next(iter(examples.values()))["image"].shape[:2]
    figure, axes = grid_of(examples, 1, meaning, (width, width * rows / columns))
    shown = chosen or spread_out(_least_moved(examples), _SHOWN)
    for example, panel in zip(examples.values(), axes[0], strict=True):
        _plot_landmarks(panel, example, shown)
    _add_legend(figure, list(examples.values()), [names[k] for k in shown])
    return figure


def spread_out(positions: np.ndarray, count: int) -> list[int]:
    """The numbers of a few points that lie far from each other, in ascending order.

    The first is the one nearest to the middle of all; each next is the one farthest from those that
    are chosen.

    Args:
        positions: ``[L, 2]``; one that is not finite is not chosen.
        count: How many to choose, where there are so many.
    """
    known = np.flatnonzero(np.isfinite(positions).all(1))
    if not len(known):
        return []
    points = positions[known]
    from_middle = np.linalg.norm(points - points.mean(0), axis=1)
    chosen = [int(np.argmin(from_middle))]
    distances = np.full(len(points), np.inf)
    while len(chosen) < min(count, len(points)):
        from_last = np.linalg.norm(points - points[chosen[-1]], axis=1)
        distances = np.minimum(distances, from_last)
        chosen.append(int(np.argmax(distances)))
    return sorted(known[chosen].tolist())


def _least_moved(examples: Examples) -> np.ndarray:
    """The mean positions ``[L, 2]`` at the least severity, or by the first method."""
    sizes = [0.0 if isinstance(key, str) else abs(key) for key in examples]
    example = list(examples.values())[int(np.argmin(sizes))]
    mean: np.ndarray = example["found"].mean(0)
    return mean


def _plot_landmarks(axes: Axes, example: Example, shown: Sequence[int]) -> None:
    image = example["image"]
    plot_picture(axes, image)
    for number, landmark in enumerate(shown):
        if "points" in example:
            x, y = example["points"][landmark]
            (mark,) = axes.plot(x, y, "x", color=_COLOURS[number], markersize=8)
            mark.set_path_effects([_OUTLINE])
        _plot_samples(axes, example["found"][:, landmark], _COLOURS[number])
    rows, columns = image.shape[:2]
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))


def _plot_samples(axes: Axes, samples: np.ndarray, colour: str) -> None:
    """Plot the samples of a landmark ``[T, 2]``, their mean and, of several, their spread."""
    mean = samples.mean(0)
    axes.plot(*samples.T, ".", color=colour, markersize=2.5)
    if len(samples) > 1:
        spread = np.linalg.norm(samples - mean, axis=1).mean()
        axes.add_patch(Circle(tuple(mean), spread, fill=False, edgecolor=colour, linewidth=1.2))
    x, y = mean
    axes.plot(x, y, "*", color=colour, markersize=8, markeredgecolor="black", markeredgewidth=0.6)


def _add_legend(figure: Figure, examples: Sequence[Example], names: Sequence[str]) -> None:
    """Name the marks, then the colours of the landmarks."""
    handles: list[Artist] = [_key(".", "sample"), _key("*", "mean of the samples")]
    if any(len(example["found"]) > 1 for example in examples):
        handles.append(_key("o", "mean distance from it", fillstyle="none"))
    if any(np.isfinite(example.get("points", np.nan)).any() for example in examples):
        handles.append(_key("x", "truth"))
    for colour, name in zip(_COLOURS, names, strict=False):
        handles.append(Line2D([], [], color=colour, linewidth=5, label=name))
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8)


def _key(marker: str, label: str, fillstyle: Literal["full", "none"] = "full") -> Line2D:
    """A mark of the legend."""
    return Line2D([], [], color=_KEY, marker=marker, linestyle="", label=label, fillstyle=fillstyle)
