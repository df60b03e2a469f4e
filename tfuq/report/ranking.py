"""Figures of what confidence is worth, for every task: risk against coverage, and accuracy against confidence."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

from tfuq.report.canvas import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, new_figure
from tfuq.scoring.failure import Cohort, risk_coverage_curve

LINES = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (ORANGE, ":"), (PURPLE, "-"), (SKY, "--"), (BLACK, "-."))


def risk_coverage(cohort: Cohort, rows: list[dict], count: int = 6) -> Figure:
    """Mean risk of the items kept against their share, for the ``count`` best measures of the rows (of `rank_measures`), and
    for the order of the risks themselves."""
    figure = new_figure(5.4, 3.8)
    axes = figure.add_subplot()
    for row, (colour, style) in zip(rows[:count], cycle(LINES), strict=False):
        items = cohort.of(row["measure"])
        curve = risk_coverage_curve(items.confidences[row["measure"]], items.risk)
        label = f"{row['measure'].replace('_', ' ')} ({row['aurc']:.4g})"
        axes.plot(*curve, style, color=colour, linewidth=1.4, label=label)
    axes.plot(*risk_coverage_curve(-cohort.risk, cohort.risk), color=GREY, linewidth=1, label="best order")
    axes.set(xlabel="coverage: share kept, the most confident first", ylabel="mean risk of those kept", xlim=(0, 1))
    axes.set_title(f"{cohort.level}, n = {len(cohort.risk)}; in brackets AURC", fontsize=9)
    axes.legend(fontsize=7)
    return figure


def reliability(rows: list[dict]) -> Figure:
    """Accuracy against confidence by equal-width bins (of `reliability_rows`), as far from the diagonal as predictions are
    miscalibrated, and the bins' shares of the items."""
    used = [row for row in rows if row["items"]]
    start, items, confidence, accuracy = (
        np.array([row[name] for row in used]) for name in ("from", "items", "confidence", "accuracy")
    )
    share, width = items / items.sum(), 1 / len(rows)
    figure = new_figure(4.2, 5)
    above, below = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    above.bar(start, accuracy, width, align="edge", color=SKY, edgecolor="white", label="accuracy")
    above.plot(confidence, accuracy, "o", color=VERMILION, markersize=4, label="mean of a bin")
    above.plot([0, 1], [0, 1], "--", color=BLACK, linewidth=1, label="calibrated")
    above.set(ylabel="accuracy (share of items)", ylim=(-0.02, 1.02), xlim=(0, 1))
    error = (share * np.abs(accuracy - confidence)).sum()
    above.set_title(f"expected calibration error, pooled over cases: {error:.4f}", fontsize=9)
    above.legend(fontsize=7, loc="upper left")
    below.bar(start, share, width, align="edge", color=GREY, edgecolor="white")
    below.set(xlabel="confidence (largest probability)", ylabel="share of items")
    return figure
