"""The figure of a study: a panel per column, the first axis of numbers along x, a line for each combination of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tfuq.report.canvas import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, panels

_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
_MARKERS = "os^Dvx"


def study_figure(axes: Sequence[str], columns: Sequence[str], rows: Sequence[dict]) -> Figure:
    """``rows`` hold a label for each of ``axes`` and a number, or nothing, for each of ``columns``."""
    axes = _numbers_first(axes, rows)
    figure, drawn = panels(len(columns))
    places = _places([row[axes[0]] for row in rows])
    for panel, column in zip(drawn, columns, strict=True):
        for index, (name, line) in enumerate(_lines(axes, rows).items()):
            points = [(places[row[axes[0]]], row[column]) for row in line if row.get(column) is not None]
            style = {"color": _COLOURS[index % len(_COLOURS)], "marker": _MARKERS[index % len(_MARKERS)], "markersize": 4}
            panel.plot([x for x, _ in points], [y for _, y in points], label=name, linewidth=1, **style)
        panel.set(xlabel=axes[0], ylabel=column.replace("_", " ").replace(".", ": "))
        panel.set_xticks(list(places.values()), labels=list(places), fontsize=7)
        if len(axes) > 1:
            panel.legend(fontsize=6, title=", ".join(axes[1:]), title_fontsize=6)
    return figure


def _numbers_first(axes: Sequence[str], rows: Sequence[dict]) -> list[str]:
    """The axes, led by the first whose labels are all numbers, where there is one."""
    lead = next((axis for axis in axes if all(_is_number(row[axis]) for row in rows)), axes[0])
    return [lead, *(axis for axis in axes if axis != lead)]


def _is_number(label: str) -> bool:
    try:
        return np.isfinite(float(label))
    except ValueError:
        return False


def _lines(axes: Sequence[str], rows: Sequence[dict]) -> dict[str, list[dict]]:
    lines: dict[str, list[dict]] = {}
    for row in rows:
        lines.setdefault(", ".join(row[axis] for axis in axes[1:]), []).append(row)
    return lines


def _places(labels: Sequence[str]) -> dict[str, float]:
    """Where each label stands: at its number if all are numbers, else one after another."""
    names = list(dict.fromkeys(labels))
    are_numbers = all(map(_is_number, names))
    return {name: float(name if are_numbers else place) for place, name in enumerate(names)}
