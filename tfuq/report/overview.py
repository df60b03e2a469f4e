"""The figure of a case of segmentation: image, truth, prediction and maps at one slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from tfuq.config import Config
from tfuq.data.preprocessing import PADDING
from tfuq.measures.catalogue import OF_VOXELS, names_of
from tfuq.report.plotting import SEQUENTIAL, axes_at, new_figure, words
from tfuq.report.slices import (
    CaseArrays,
    class_colours,
    map_scale,
    most_informative_slice,
    shown_axis,
    upright,
)

_COLUMNS = 4
# In inches: the box that a slice is fitted into, what lies above it and beside it, and its bar.
_WIDTH = 2.4
_HEIGHT = 2.8
_MARGIN = 0.08
_TITLE = 0.3
_BAR_WIDTH = 0.1
_BAR_HEIGHT = 2.2
_BAR_LABELS = 0.62
_LETTER = 0.05  # of a class's name
Cut = Callable[[np.ndarray], np.ndarray]  # a slice of an array ``[X, Y, Z]``


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """A slice and how it is shown; without ``limits`` by its own range."""

    title: str
    plane: np.ndarray
    colours: str | Colormap
    limits: tuple[float | None, float | None]
    unit: str


def overview(case: CaseArrays, config: Config, title: str) -> Figure:
    """Plot image, truth (where there is one), prediction and every map at one slice.

    The slice is the most informative one.

    Args:
        case: The case.
        config: The configuration of the run, which has the slice axis and the classes.
        title: The title of the figure.
    """
    classes = config.data.classes
    axis = shown_axis(config, case.affine)
    index = most_informative_slice(case, axis)
    panels = _panels(case, len(classes), lambda array: np.take(array, index, axis))
    rows = -(-len(panels) // _COLUMNS)
    columns = min(len(panels), _COLUMNS)
    width = _panel_width(classes)
    height = _HEIGHT + _TITLE
    figure = new_figure(width * columns, height * rows + _TITLE, has_places=True)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        corner = (width * column + _MARGIN, height * (rows - 1 - row) + _MARGIN)
        plane, aspect = upright(panel.plane, case.affine, axis)
        _plot_panel(figure, corner, panel, plane, aspect, classes)
    figure.suptitle(f"{title}, slice {index} along axis {axis}", fontsize=10)
    return figure


def _panel_width(classes: list[str]) -> float:
    """The width of a slice with its bar and the labels of the bar, in inches."""
    longest = max(len(name) for name in classes)
    labels = max(_BAR_LABELS, 0.3 + _LETTER * longest)
    return _WIDTH + 2 * _MARGIN + _BAR_WIDTH + labels


def _plot_panel(
    figure: Figure,
    corner: tuple[float, float],
    panel: _Panel,
    plane: np.ndarray,
    aspect: float,
    classes: list[str],
) -> None:
    lowest, highest = panel.limits
    left, bottom = corner
    axes = axes_at(figure, left, bottom, _WIDTH, _HEIGHT)
    image = axes.imshow(plane, cmap=panel.colours, aspect=aspect, vmin=lowest, vmax=highest)
    axes.set_title(words(panel.title), fontsize=9)
    axes.axis("off")
    if panel.unit:
        axes.set_anchor("E")  # beside its bar
        bar_bottom = bottom + (_HEIGHT - _BAR_HEIGHT) / 2
        beside = axes_at(figure, left + _WIDTH + _MARGIN, bar_bottom, _BAR_WIDTH, _BAR_HEIGHT)
        bar = figure.colorbar(image, cax=beside)
        bar.set_label(panel.unit, fontsize=8)
        beside.tick_params(labelsize=8)
        if panel.unit == "class":
            bar.set_ticks(range(len(classes)), labels=classes, fontsize=6)


def _panels(case: CaseArrays, classes: int, cut: Cut) -> list[_Panel]:
    """The panels of a case, each cut from its array."""
    own = (None, None)
    panels = [_Panel(title="image", plane=cut(case.image), colours="gray", limits=own, unit="")]
    if case.truth is not None:
        truth = np.ma.masked_equal(cut(case.truth), PADDING)  # white where it is not known
        panels.append(_class_panel("truth", truth, classes))
    panels.append(_class_panel("prediction", cut(case.label), classes))
    maps = [name for name in names_of(OF_VOXELS) if name in case.maps]
    panels += [_map_panel(name, cut(case.maps[name]), classes) for name in maps]
    return panels


def _map_panel(name: str, plane: np.ndarray, classes: int) -> _Panel:
    unit, top = map_scale(name, classes)
    return _Panel(title=name, plane=plane, colours=SEQUENTIAL, limits=(0, top), unit=unit)


def _class_panel(title: str, plane: np.ndarray, classes: int) -> _Panel:
    return _Panel(
        title=title,
        plane=plane,
        colours=class_colours(classes),
        limits=(-0.5, classes - 0.5),  # so that a name stands in the middle of its colour
        unit="class",
    )
