"""Figures of an uncertainty of landmarks against their error."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import BLUE, VERMILION, interval_text, make_logarithmic, new_figure
from tfuq.scoring.rows import Row

_WIDE_RANGE = 30.0  # largest value over median beyond which an axis is logarithmic


def error_scatter(measure: np.ndarray, errors: np.ndarray, name: str, correlation: Row) -> Figure:
    """Plot a measure against the radial error, a point for each landmark.

    Args:
        measure: The measure ``[n]``, NaN where there is none.
        errors: Radial errors ``[n]`` in mm, NaN where there is none.
        name: The name of the measure with its unit.
        correlation: Spearman's ρ within landmarks and pooled, as
            `tfuq.scoring.association.grouped_correlations` gives it.
    """
    present = ~(np.isnan(measure) | np.isnan(errors))
    x = measure[present]
    figure = new_figure(4.6, 3.6)
    axes = figure.add_subplot()
    axes.scatter(x, errors[present], s=8, color=BLUE, alpha=0.5, linewidths=0)
    axes.set(xlabel=name, ylabel="radial error (mm)", ylim=(0, None))
    if len(x) and x.min() > 0 and x.max() > _WIDE_RANGE * np.median(x):
        make_logarithmic(axes, "x")
    axes.set_title(_scatter_title(correlation), fontsize=8)
    return figure


def _scatter_title(correlation: Row) -> str:
    within = interval_text(
        "ρ within landmarks",
        correlation["within"],
        correlation["within_lower"],
        correlation["within_upper"],
    )
    pooled = interval_text("pooled", correlation["rho"], correlation["lower"], correlation["upper"])
    return f"{within}\n{pooled}, n = {correlation['n']} in {correlation['cases']} images"


def quantile_bars(rows: list[Row], threshold_mm: float = 4.0) -> Figure:
    """Plot the mean error and the share of failures by quantile of a measure.

    Args:
        rows: A row for each quantile, as `tfuq.scoring.landmarks.errors_by_quantile` makes them.
        threshold_mm: The radial error in mm from which on a landmark counts as a failure.
    """
    figure = new_figure(7.2, 3.4)
    left, right = figure.subplots(1, 2)
    _plot_bars(left, rows, "mean_error", "mean radial error (mm)", BLUE)
    failures = f"share off by {threshold_mm:g} mm or more"
    _plot_bars(right, rows, "failure_rate", failures, VERMILION)
    return figure


def _plot_bars(axes: Axes, rows: list[Row], column: str, label: str, colour: str) -> None:
    heights = [row[column] or 0 for row in rows]
    axes.bar(range(len(rows)), heights, color=colour)
    axes.set_xticks(range(len(rows)), labels=[_range_text(row) for row in rows], fontsize=7)
    axes.set(xlabel="range of the measure, the most certain first", ylabel=label)


def _range_text(row: Row) -> str:
    if row["low"] is None:
        return "empty"
    return f"{row['low']:.3g} to\n{row['high']:.3g}\nn = {row['n']}"
