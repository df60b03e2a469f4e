"""Figures of dose–volume histograms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.plotting import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    file_names,
    new_figure,
    own_style,
    save,
)
from tfuq.scoring.rows import Row, column, grouped

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
_MOST_CASES = 12


def dose_figures(curves: list[Row]) -> Iterator[tuple[str, Figure]]:
    """Plot the histogram of each of the first cases.

    Args:
        curves: rows of ``dose_volume.csv``.

    Yields:
        A file name without its ending, and the figure.
    """
    cases = grouped(curves, "case")
    parts = file_names(cases)
    for case_id in list(cases)[:_MOST_CASES]:
        yield f"dose-{parts[case_id]}", _plot_bands(case_id, cases[case_id])


@own_style()
def write_dose_figures(curves: list[Row], folder: Path) -> list[Path]:
    """Write the figures of `dose_figures` into a folder, and return their files."""
    return [save(figure, folder / f"{name}.png") for name, figure in dose_figures(curves)]


def _plot_bands(case_id: str, rows: list[Row]) -> Figure:
    """Plot each structure's mean histogram over samples, in the band that holds 95 % of them."""
    figure = new_figure(6.0, 4.0)
    axes = figure.add_subplot()
    for index, (name, structure_rows) in enumerate(grouped(rows, "class").items()):
        _plot_band(axes, name, structure_rows, _COLOURS[index % len(_COLOURS)])
    axes.set(
        xlabel="dose (Gy)",
        ylabel="volume that receives it or more (%)",
        xlim=(0, None),
        ylim=(0, 102),
        title=case_id,
    )
    axes.legend(fontsize=8, title="mean and 95 % of samples")
    return figure


def _plot_band(axes: Axes, name: str, rows: list[Row], colour: str) -> None:
    dose = column(rows, "dose_gy")
    low = column(rows, "lower")
    high = column(rows, "upper")
    axes.plot(dose, column(rows, "volume_percent"), color=colour, label=name)
    axes.fill_between(dose, low, high, color=colour, alpha=0.3, linewidth=0)
