"""A picture of a kind of measure, and what pictures share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import SEQUENTIAL, VERMILION, new_figure

WIDTH = 7.2  # inches, which are 792 pixels
_HEIGHT = 3.3
_HALF = 0.5


@dataclass(frozen=True)
class Picture:
    """A picture of a kind of measure.

    Attributes:
        kind: As ``measures.yaml`` names it.
        alternative: What the picture shows, in words.
        draw: Makes the figure.
    """

    kind: str
    alternative: str
    draw: Callable[[], Figure]


def two_places() -> tuple[Figure, tuple[Axes, Axes]]:
    """A figure with a place for a low value, and one for a high value."""
    figure = new_figure(WIDTH, _HEIGHT, has_places=True)
    figure.subplots_adjust(left=0.08, right=0.96, bottom=0.14, top=0.84, wspace=0.18)
    left = figure.add_subplot(1, 2, 1)
    right = figure.add_subplot(1, 2, 2)
    return figure, (left, right)


def below(figure: Figure, text: str) -> None:
    """Say below the plots what they show.

    Args:
        figure: Of `two_places`.
        text: What it says.
    """
    figure.supxlabel(text, size=9)


def written(value: float, unit: str) -> str:
    """A value with its unit, in three digits.

    Args:
        value: The value.
        unit: Of the measure; "1" is not written.
    """
    if abs(value) < 5e-4:
        value = 0.0
    return f"{value:.3g} {unit}".removesuffix(" 1")


def show(axes: Axes, values: np.ndarray, highest: float | None = None) -> None:
    """Draw a map.

    Args:
        axes: Where to.
        values: ``[X, Y]``.
        highest: The value of the brightest colour; None for the largest in the map.
    """
    image = axes.imshow(values, cmap=SEQUENTIAL, vmin=0, vmax=highest)
    axes.figure.colorbar(image, ax=axes, shrink=0.8)
    hide_ticks(axes)


def hide_ticks(axes: Axes) -> None:
    """Leave out what counts pixels."""
    axes.set_xticks([])
    axes.set_yticks([])


def outline(axes: Axes, mask: np.ndarray, colour: str = VERMILION, width: float = 1.5) -> None:
    """Draw the border of a mask; nothing of one that is empty or full.

    Args:
        axes: Where to.
        mask: Bool ``[X, Y]``.
        colour: Of the line.
        width: Of the line, in points.
    """
    if mask.any() and not mask.all():
        axes.contour(mask.astype(float), [_HALF], colors=[colour], linewidths=[width])
