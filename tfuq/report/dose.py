"""Figures of dose–volume histograms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from matplotlib.figure import Figure

from tfuq.report.canvas import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, file_names, new_figure
from tfuq.scoring.evaluation.doses import DoseTables

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
_MOST = 12


def dose_figures(tables: DoseTables) -> Iterator[tuple[str, Figure]]:
    """The histogram of each of the first cases, by file name."""
    parts = file_names(row["case"] for row in tables.curves)
    for case_id, part in itertools.islice(parts.items(), _MOST):
        yield f"dose-{part}", _bands(case_id, [row for row in tables.curves if row["case"] == case_id])


def _bands(case_id: str, rows: list[dict]) -> Figure:
    """Each structure's mean histogram over samples, in the band that holds 95 % of them."""
    figure = new_figure(6.0, 4.0)
    axes = figure.add_subplot()
    for place, name in enumerate(dict.fromkeys(row["class"] for row in rows)):
        of_class = [row for row in rows if row["class"] == name]
        dose, mean, low, high = ([row[key] for row in of_class] for key in ("dose_gy", "volume_percent", "lower", "upper"))
        colour = _COLOURS[place % len(_COLOURS)]
        axes.plot(dose, mean, color=colour, label=name)
        axes.fill_between(dose, low, high, color=colour, alpha=0.3, linewidth=0)
    axes.set(xlabel="dose (Gy)", ylabel="volume that receives it or more (%)", xlim=(0, None), ylim=(0, 102), title=case_id)
    axes.legend(fontsize=8, title="mean and 95 % of samples")
    return figure
