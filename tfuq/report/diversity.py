"""The figure of an ensemble's diversity: how members differ, and what more of them gain."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tfuq.report.canvas import BLUE, SEQUENTIAL, VERMILION, new_figure


def diversity_figure(pairs: list[dict], curve: list[dict]) -> Figure:
    """Disagreement of each pair of members; quality and negative log-likelihood against the number of members, between the least and
    the most of any such subset. Rows as `tfuq.scoring.evaluation.diversity` makes them."""
    figure = new_figure(11.0, 3.4)
    left, middle, right = figure.subplots(1, 3)
    _matrix(figure, left, pairs, len(curve))
    quality = next(name for name in curve[0] if f"{name}_gain" in curve[0])
    for axes, name, colour, unit in ((middle, quality, BLUE, ""), (right, "nll", VERMILION, " (nat)")):
        sizes, values, low, high = (
            [row[key] for row in curve] for key in ("members", name, f"{name}_lowest", f"{name}_highest")
        )
        axes.plot(sizes, values, "o-", color=colour, label="mean over subsets")
        axes.fill_between(sizes, low, high, color=colour, alpha=0.25, linewidth=0, label="range of subsets")
        axes.set(xlabel="members", ylabel=f"{name}{unit}", xticks=sizes)
        axes.legend(fontsize=7)
    return figure


def _matrix(figure: Figure, axes, pairs: list[dict], members: int) -> None:
    table = np.full((members, members), np.nan)
    for row in pairs:
        table[row["member"], row["other"]] = table[row["other"], row["member"]] = row["disagreement"]
    shown = axes.imshow(table, cmap=SEQUENTIAL, vmin=0)
    axes.set(xlabel="member", ylabel="member", xticks=range(members), yticks=range(members))
    figure.colorbar(shown, ax=axes, fraction=0.046).set_label("share of items labelled otherwise", fontsize=8)
