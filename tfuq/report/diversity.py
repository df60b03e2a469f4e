"""The figure of an ensemble's diversity: how members differ, and what more of them gain."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import BLUE, SEQUENTIAL, VERMILION, new_figure
from tfuq.scoring.rows import Row, column


def diversity_figure(pairs: list[Row], curve: list[Row]) -> Figure:
    """Plot the disagreement of ensemble members, and scores against their number.

    The scores are a quality and the negative log-likelihood, each between the least and the most
    of any subset of so many members.

    Args:
        pairs: A row for each pair of members, as `tfuq.scoring.evaluation.diversity` makes them.
        curve: A row for each number of members, likewise.
    """
    figure = new_figure(11.0, 3.4)
    left, middle, right = figure.subplots(1, 3)
    _plot_matrix(figure, left, pairs, len(curve))
    quality = next(name for name in curve[0] if f"{name}_gain" in curve[0])
    _plot_curve(middle, curve, quality, colour=BLUE, label=quality)
    _plot_curve(right, curve, "nll", colour=VERMILION, label="nll (nat)")
    return figure


def _plot_curve(axes: Axes, curve: list[Row], name: str, *, colour: str, label: str) -> None:
    sizes = column(curve, "members")
    low = column(curve, f"{name}_lowest")
    high = column(curve, f"{name}_highest")
    axes.plot(sizes, column(curve, name), "o-", color=colour, label="mean over subsets")
    axes.fill_between(
        sizes, low, high, color=colour, alpha=0.25, linewidth=0, label="range of subsets"
    )
    axes.set(xlabel="members", ylabel=label, xticks=sizes)
    axes.legend(fontsize=7)


def _plot_matrix(figure: Figure, axes: Axes, pairs: list[Row], members: int) -> None:
    table = np.full((members, members), np.nan)
    for row in pairs:
        table[row["member"], row["other"]] = row["disagreement"]
        table[row["other"], row["member"]] = row["disagreement"]
    image = axes.imshow(table, cmap=SEQUENTIAL, vmin=0)
    axes.set(xlabel="member", ylabel="member", xticks=range(members), yticks=range(members))
    bar = figure.colorbar(image, ax=axes, fraction=0.046)
    bar.set_label("share of items labelled otherwise", fontsize=8)
