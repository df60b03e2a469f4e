"""The figure of a study: a panel for each column.

The first axis whose labels are numbers is along x. Each combination of the others has a line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, panels, words
from tfuq.scoring.rows import Row, column, rows_with

_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
_MARKERS = "os^Dvx"


def study_figure(axes: Sequence[str], columns: Sequence[str], rows: Sequence[Row]) -> Figure:
    """Plot the table of a study.

    Args:
        axes: The names of the study's axes.
        columns: The columns to plot.
        rows: A row for each cell, with a label for each axis, and a number or nothing for each
            column.
    """
    axes = _numbers_first(axes, rows)
    lines = _lines(axes, rows)
    figure, plots = panels(len(columns))
    positions = _positions(column(rows, axes[0]))
    for plot, quantity in zip(plots, columns, strict=True):
        for index, (name, line) in enumerate(lines.items()):
            present = rows_with(line, quantity)
            labels = column(present, axes[0])
            plot.plot(
                [positions[label] for label in labels],
                column(present, quantity),
                label=name,
                linewidth=1,
                color=_COLOURS[index % len(_COLOURS)],
                marker=_MARKERS[index % len(_MARKERS)],
                markersize=4,
            )
        _label(plot, axes, quantity, positions)
    return figure


def _label(plot: Axes, axes: Sequence[str], quantity: str, positions: dict[str, float]) -> None:
    plot.set(xlabel=axes[0], ylabel=words(quantity).replace(".", ": "))
    plot.set_xticks(list(positions.values()), labels=list(positions), fontsize=9)
    if len(axes) > 1:
        plot.legend(fontsize=8, title=", ".join(axes[1:]), title_fontsize=8)


def _numbers_first(axes: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The axes, led by the first whose labels are all numbers, where there is one."""
    lead = axes[0]
    for axis in axes:
        if all(map(_is_number, column(rows, axis))):
            lead = axis
            break
    return [lead, *(axis for axis in axes if axis != lead)]


def _is_number(label: str) -> bool:
    try:
        return bool(np.isfinite(float(label)))
    except ValueError:
        return False


def _lines(axes: Sequence[str], rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by the labels of all axes but the first."""
    lines: dict[str, list[Row]] = {}
    for row in rows:
        name = ", ".join(row[axis] for axis in axes[1:])
        lines.setdefault(name, []).append(row)
    return lines


def _positions(labels: Sequence[str]) -> dict[str, float]:
    """Where each label stands: at its number if all are numbers, else one after another."""
    names = list(dict.fromkeys(labels))
    numbers = map(float, range(len(names)))
    if all(map(_is_number, names)):
        numbers = map(float, names)
    return dict(zip(names, numbers, strict=True))
