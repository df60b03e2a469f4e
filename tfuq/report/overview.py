"""The figure of a case of segmentation: image, truth, prediction and maps at one slice."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from tfuq.config import Config
from tfuq.data.preprocessing import PADDING
from tfuq.report.agreement import AGREEMENT_COLOURS, AGREEMENTS, agreement
from tfuq.report.plotting import SEQUENTIAL, axes_at, new_figure, words
from tfuq.report.slices import (
    MEAN,
    SHOWN_MAPS,
    CaseArrays,
    Place,
    class_colours,
    map_scale,
    most_informative_slice,
    shown_axis,
    upright,
)

# A page shows a figure about 7 inches wide: with more columns its texts would be too small there.
_COLUMNS = 3
# In inches: the box that a slice is fitted into, what lies above it and beside it, and its bar.
_WIDTH = 2.2
_MOST_HEIGHT = 2.6
_LEAST_HEIGHT = 1.3  # for the labels of the bar
_MARGIN = 0.08
_TITLE = 0.35
_BAR_WIDTH = 0.1
_BAR_SHARE = 0.9  # of the box's height
_BAR_LABELS = 0.75
_BAR_UNIT = 0.35  # with the ticks
_LETTER = 0.085  # of a class's name
_NAME_LETTERS = 13  # of a class's name in one line, where it has several words
# In points.
_LARGE = 12
_SMALL = 10
Cut = Callable[[np.ndarray], np.ndarray]  # a slice of an array ``[X, Y, Z]``


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """A slice and how it is shown.

    Attributes:
        title: Above it.
        plane: The slice.
        colours: Of its values.
        limits: Of the colours; None for those of the values.
        unit: At its bar, which it has none of without a unit.
        labels: Of the whole numbers at its bar.
        below: A slice in grey that it lies over.
        aspect: The height of its pixels over their width.
    """

    title: str
    plane: np.ndarray
    colours: str | Colormap
    limits: tuple[float | None, float | None]
    unit: str
    labels: Sequence[str] = ()
    below: np.ndarray | None = None
    aspect: float = 1


def overview(case: CaseArrays, config: Config, title: str, place: Place | None = None) -> Figure:
    """Plot a slice of a case.

    It has the image, the truth and how the prediction agrees with it (where there is one), the
    prediction, the mean probability, the prediction of each member that was kept, and every map.

    Args:
        case: The case.
        config: The configuration of the run, which has the slice axis and the classes.
        title: The title of the figure.
        place: Of the slice; None for the most informative one.
    """
    classes = config.data.classes
    if place is None:
        axis = shown_axis(config, case.affine)
        place = Place(axis=axis, index=most_informative_slice(case, axis))
    panels = [_turned(panel, case, place) for panel in _panels(case, classes, place.cut)]
    box = (_WIDTH, _box_height(panels[0]))
    rows = -(-len(panels) // _COLUMNS)
    columns = min(len(panels), _COLUMNS)
    width = _panel_width(classes)
    height = box[1] + _TITLE + _MARGIN
    whole = height * rows + _TITLE
    figure = new_figure(width * columns, whole, has_places=True)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        corner = (width * column + _MARGIN, height * (rows - 1 - row) + _MARGIN)
        _plot_panel(figure, corner, box, panel)
    figure.suptitle(f"{title}, {place}", fontsize=_LARGE, y=1 - _MARGIN / whole)
    return figure


def _turned(panel: _Panel, case: CaseArrays, place: Place) -> _Panel:
    """A panel as radiologists look at it."""
    plane, aspect = upright(panel.plane, case.affine, place.axis)
    below = None
    if panel.below is not None:
        below, _ = upright(panel.below, case.affine, place.axis)
    return replace(panel, plane=plane, below=below, aspect=aspect)


def _box_height(panel: _Panel) -> float:
    """The height of a slice that is as wide as its box, within limits, in inches."""
    rows, columns = panel.plane.shape
    height = _WIDTH * panel.aspect * rows / columns
    return float(np.clip(height, _LEAST_HEIGHT, _MOST_HEIGHT))


def _panel_width(classes: list[str]) -> float:
    """The width of a slice with its bar and the labels of the bar, in inches."""
    lines = "\n".join(map(_in_lines, classes)).split("\n")
    labels = max(_BAR_LABELS, _BAR_UNIT + _LETTER * max(map(len, lines)))
    return _WIDTH + 2 * _MARGIN + _BAR_WIDTH + labels


def _in_lines(name: str) -> str:
    """The name of a class in lines that are as short as its words allow."""
    return textwrap.fill(name, _NAME_LETTERS, break_long_words=False, break_on_hyphens=False)


def _plot_panel(
    figure: Figure,
    corner: tuple[float, float],
    box: tuple[float, float],
    panel: _Panel,
) -> None:
    """Plot a panel.

    Args:
        figure: Where to.
        corner: The box's distance from the left and from the lower edge, in inches.
        box: Its width and height, in inches.
        panel: What to plot.
    """
    lowest, highest = panel.limits
    left, bottom = corner
    width, height = box
    axes = axes_at(figure, left, bottom, width, height)
    if panel.below is not None:
        axes.imshow(panel.below, cmap="gray", aspect=panel.aspect)
    image = axes.imshow(
        panel.plane, cmap=panel.colours, aspect=panel.aspect, vmin=lowest, vmax=highest
    )
    axes.set_title(words(panel.title), fontsize=_LARGE)
    axes.axis("off")
    if panel.unit:
        axes.set_anchor("E")  # beside its bar
        bar_height = _BAR_SHARE * height
        bar_bottom = bottom + (height - bar_height) / 2
        beside = axes_at(figure, left + width + _MARGIN, bar_bottom, _BAR_WIDTH, bar_height)
        bar = figure.colorbar(image, cax=beside)
        bar.set_label(panel.unit, fontsize=_SMALL)
        beside.tick_params(labelsize=_SMALL)
        if panel.labels:
            names = [_in_lines(name) for name in panel.labels]
            bar.set_ticks(range(len(names)), labels=names, fontsize=_SMALL)


def _panels(case: CaseArrays, classes: list[str], cut: Cut) -> list[_Panel]:
    """The panels of a case, each cut from its array."""
    own = (None, None)
    image = cut(case.image)
    label = cut(case.label)
    panels = [_Panel(title="image", plane=image, colours="gray", limits=own, unit="")]
    if case.truth is not None:
        truth = np.ma.masked_equal(cut(case.truth), PADDING)  # white where it is not known
        panels.append(_class_panel("truth", truth, classes))
    panels.append(_class_panel("prediction", label, classes))
    if case.truth is not None:
        panels.append(_agreement_panel(agreement(label, cut(case.truth)), image))
    if MEAN in case.foreground:
        panels.append(_probability_panel(cut(case.foreground[MEAN])))
    for name in case.member_labels:
        title = f"prediction of {name.replace('-', ' ')}"
        panels.append(_class_panel(title, cut(case.member_labels[name]), classes))
    maps = [name for name in SHOWN_MAPS if name in case.maps]
    panels += [_map_panel(name, cut(case.maps[name]), len(classes)) for name in maps]
    return panels


def _agreement_panel(kinds: np.ndarray, image: np.ndarray) -> _Panel:
    return _Panel(
        title="agreement",
        plane=kinds,
        colours=AGREEMENT_COLOURS,
        limits=(-0.5, len(AGREEMENTS) - 0.5),
        unit="voxel",
        labels=AGREEMENTS,
        below=image,
    )


def _probability_panel(plane: np.ndarray) -> _Panel:
    return _Panel(title=MEAN, plane=plane, colours=SEQUENTIAL, limits=(0, 1), unit="probability")


def _map_panel(name: str, plane: np.ndarray, classes: int) -> _Panel:
    unit, top = map_scale(name, classes)
    return _Panel(title=name, plane=plane, colours=SEQUENTIAL, limits=(0, top), unit=unit)


def _class_panel(title: str, plane: np.ndarray, classes: list[str]) -> _Panel:
    return _Panel(
        title=title,
        plane=plane,
        colours=class_colours(len(classes)),
        limits=(-0.5, len(classes) - 0.5),  # so that a name stands in the middle of its colour
        unit="class",
        labels=classes,
    )
