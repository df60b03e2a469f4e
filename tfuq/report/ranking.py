"""Figures of confidence for every task: risk against coverage, and accuracy against confidence."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    axes_at,
    new_figure,
    words,
)
from tfuq.scoring.areas import risk_coverage_curve
from tfuq.scoring.failure import Cohort
from tfuq.scoring.rows import Row, column

LINES = (  # colour and style
    (BLUE, "-"),
    (VERMILION, "--"),
    (GREEN, "-."),
    (ORANGE, ":"),
    (PURPLE, "-"),
    (SKY, "--"),
    (BLACK, "-."),
)


def risk_coverage(cohort: Cohort, rows: list[Row], count: int = 6) -> Figure:
    """Plot the mean risk of the items that stay against their share.

    A further line has the order of the risks themselves, which is the best one.

    Args:
        cohort: The items.
        rows: A row for each measure, the best first, as `tfuq.scoring.failure.rank_measures` makes
            them.
        count: How many measures have a line.
    """
    figure = new_figure(5.4, 3.8, has_places=True)
    axes = axes_at(figure, 0.75, 0.5, 4.5, 3.0)
    for row, (colour, style) in zip(rows[:count], cycle(LINES), strict=False):
        _plot_risk(axes, cohort, row, colour, style)
    coverage, risk = risk_coverage_curve(-cohort.risk, cohort.risk)
    axes.plot(coverage, risk, color=GREY, linewidth=1, label="best order")
    axes.set(
        xlabel="coverage: share kept, the most confident first",
        ylabel="mean risk of those kept",
        xlim=(0, 1),
    )
    axes.set_title(f"{cohort.level}, n = {len(cohort.risk)}; in brackets AURC", fontsize=9)
    axes.legend(fontsize=7)
    return figure


def _plot_risk(axes: Axes, cohort: Cohort, row: Row, colour: str, style: str) -> None:
    measure = row["measure"]
    items = cohort.of(measure)
    coverage, risk = risk_coverage_curve(items.confidences[measure], items.risk)
    label = f"{words(measure)} ({row['aurc']:.4g})"
    axes.plot(coverage, risk, style, color=colour, linewidth=1.4, label=label)


def reliability(rows: list[Row]) -> Figure:
    """Plot accuracy against confidence, and the share of the items in each bin.

    Bars are as far from the diagonal as predictions are miscalibrated.

    Args:
        rows: A row for each bin of equal width, as `reliability_rows` makes them.
    """
    used = [row for row in rows if row["items"]]
    start = np.array(column(used, "from"))
    items = np.array(column(used, "items"))
    confidence = np.array(column(used, "confidence"))
    accuracy = np.array(column(used, "accuracy"))
    share = items / items.sum()
    width = 1 / len(rows)
    figure = new_figure(4.2, 5, has_places=True)
    above = axes_at(figure, 0.65, 1.65, 3.4, 3.05)
    below = axes_at(figure, 0.65, 0.5, 3.4, 1.0)
    above.bar(start, accuracy, width, align="edge", color=SKY, edgecolor="white", label="accuracy")
    above.plot(confidence, accuracy, "o", color=VERMILION, markersize=4, label="mean of a bin")
    above.plot([0, 1], [0, 1], "--", color=BLACK, linewidth=1, label="calibrated")
    above.set(ylabel="accuracy (share of items)", ylim=(-0.02, 1.02), xlim=(0, 1))
    error = (share * np.abs(accuracy - confidence)).sum()
    above.set_title(f"expected calibration error, pooled over cases: {error:.4f}", fontsize=9)
    above.legend(fontsize=7, loc="upper left")
    below.bar(start, share, width, align="edge", color=GREY, edgecolor="white")
    above.tick_params(labelbottom=False)
    below.set(xlabel="confidence (largest probability)", ylabel="share of items", xlim=(0, 1))
    return figure
