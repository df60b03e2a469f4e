"""The figure of free-response curves: lesions found against false positives a scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import BLUE, ORANGE, panels, words
from tfuq.scoring.evaluation.lesion_summary import CONFIDENCES
from tfuq.scoring.rows import Row, column, grouped

_COLOURS: Final = dict(zip(CONFIDENCES, (BLUE, ORANGE), strict=True))


def free_response_figure(curves: Sequence[Row], detection: Mapping[str, Row]) -> Figure:
    """Plot sensitivity against false positives a scan, a panel for each structure.

    Args:
        curves: Rows of ``froc.csv``, at least one.
        detection: Scores of detection by structure, as the summary has them.
    """
    of_structures = grouped(curves, "class")
    figure, all_axes = panels(len(of_structures))
    for axes, (name, rows) in zip(all_axes, of_structures.items(), strict=True):
        for confidence, points in grouped(rows, "confidence").items():
            _plot_curve(axes, points, confidence)
        scores = detection[name]
        title = f"{name}: {scores['lesions']} lesions, {scores['scans']} scans"
        axes.set_title(title, fontsize=9)
        axes.set(xlabel="false positives a scan", ylabel="sensitivity", ylim=(0, 1.03))
        axes.set_xlim(left=0)
        axes.legend(fontsize=7, loc="lower right")
    return figure


def _plot_curve(axes: Axes, points: Sequence[Row], confidence: str) -> None:
    """Plot one curve, from nothing predicted to all predicted components."""
    false = [0.0, *column(points, "false_positives_per_scan")]
    found = [0.0, *column(points, "sensitivity")]
    axes.plot(
        false,
        found,
        color=_COLOURS[confidence],
        marker="o",
        markersize=3,
        drawstyle="steps-post",
        label=f"by {words(confidence)}",
    )
