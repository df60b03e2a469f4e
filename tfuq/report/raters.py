"""The figure of raters: how they agree on each structure, and where the prediction stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.data.units import SCAN, is_size, symbol_of
from tfuq.report.plotting import BLACK, BLUE, GREY, ORANGE, new_figure
from tfuq.scoring.rows import Row, column, grouped, mean_of_column, rows_of, rows_with

_WIDTH = 4.2  # of a panel, in inches
_HEIGHT = 3.2


def rater_figure(raters: Sequence[Row], cases: Sequence[Row], structures: Sequence[Row]) -> Figure:
    """Plot raters' agreement and volumes, a row of panels for each structure.

    Left, a point per case: the mean Dice of raters with each other, and that of the prediction with
    them. Above the diagonal, it agrees with raters as they do. Right: the volume by each rater,
    with the spread of the samples.

    Args:
        raters: Rows of ``raters.csv``, at least one.
        cases: Rows of ``cases.csv``.
        structures: Rows of ``structures.csv``.
    """
    by_class = grouped(raters, "class")
    figure = new_figure(2 * _WIDTH, _HEIGHT * len(by_class))
    all_axes = figure.subplots(len(by_class), 2, squeeze=False)
    whole = rows_of(structures, "component", "all")
    for (left, right), (name, rows) in zip(all_axes, by_class.items(), strict=True):
        _plot_agreement(left, name, rows_of(cases, "class", name))
        _plot_sizes(right, rows, rows_of(whole, "class", name))
    return figure


def _plot_agreement(axes: Axes, name: str, cases: Sequence[Row]) -> None:
    compared = rows_with(rows_with(cases, "rater_dice"), "dice_raters")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    axes.scatter(column(compared, "rater_dice"), column(compared, "dice_raters"), s=14, color=BLUE)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_xlabel("Dice of raters with each other", fontsize=8)
    axes.set_ylabel("Dice of the prediction with raters", fontsize=8)
    axes.set_title(f"{name}, {len(compared)} cases", fontsize=9)


def _plot_sizes(axes: Axes, raters: Sequence[Row], structures: Sequence[Row]) -> None:
    """Plot each rater's volume by case, cases in the order of the raters' mean."""
    size = next(name for name in raters[0] if is_size(name))
    by_case = grouped(raters, "case")
    order = sorted(by_case, key=lambda case: mean_of_column(by_case[case], size) or 0.0)
    places = {case: place for place, case in enumerate(order)}
    spreads = [SCAN.named(row) for row in structures if row["case"] in places]
    axes.vlines(
        [places[row["case"]] for row in spreads],
        np.array(column(spreads, "volume_lower_mm3"), float),
        np.array(column(spreads, "volume_upper_mm3"), float),
        color=ORANGE,
        linewidth=3,
        label="samples, 2.5 to 97.5 %",
    )
    axes.scatter(
        [places[row["case"]] for row in raters],
        column(raters, size),
        s=10,
        color=BLACK,
        zorder=3,
        label="raters",
    )
    axes.set_xticks([])
    axes.set_xlabel("cases, in the order of the raters' mean", fontsize=8)
    axes.set_ylabel(f"{size.split('_')[0]} ({symbol_of(size)})", fontsize=8)
    axes.legend(fontsize=7)
