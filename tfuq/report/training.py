"""Curves of a run's training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.data.json_csv import Cell, read_typed
from tfuq.report.plotting import axes_at, new_figure, words
from tfuq.scoring.rows import column, rows_with

_AGAIN = "remove it, or train the member again"
Rows = list[dict[str, Cell]]


def training_curves(run: Path, quality: str) -> Figure | None:
    """Plot the loss, and the quality of the validation cases, by epoch; a line per member.

    Args:
        run: The folder of the run.
        quality: The name of the score.

    Returns:
        The figure; None of a run without a history.

    Raises:
        RunError: A history is damaged.
    """
    if not any(_histories(run)):
        return None
    figure = new_figure(8, 3.2, has_places=True)
    left = axes_at(figure, 0.65, 0.5, 3.2, 2.6)
    _plot_curves(left, run, {"loss": "-", "val_loss": "--"}, "loss")
    right = axes_at(figure, 4.65, 0.5, 3.2, 2.6)
    title = f"{words(quality)} of the validation cases"
    _plot_curves(right, run, {f"val_{quality}": "-"}, title)
    return figure


def _plot_curves(axes: Axes, run: Path, styles: dict[str, str], title: str) -> None:
    """Plot columns of every history, each in its style."""
    for member, rows in _histories(run):
        for name, style in styles.items():
            present = rows_with(rows, name)
            if present:
                epochs = column(present, "epoch")
                values = column(present, name)
                label = f"member {member} {words(name)}"
                axes.plot(epochs, values, style, label=label, linewidth=1)
    axes.set(xlabel="epoch", ylabel=title)
    if axes.lines:
        axes.legend(fontsize=6)


def _histories(run: Path) -> Iterator[tuple[str, Rows]]:
    """The name of each member, and the rows of its history."""
    for path in sorted(run.glob("members/*/history.csv")):
        yield path.parent.name, read_typed(path, ("epoch",), _AGAIN)
