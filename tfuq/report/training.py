"""Curves of a run's training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from tfuq.data.stored import Cell, read_typed
from tfuq.report.canvas import new_figure


def training_curves(run: Path, quality: str) -> Figure | None:
    """Loss and the validation cases' ``quality`` by epoch, a line per member; None of a run without a history.

    Raises:
        RunError: a damaged history.
    """
    if not any(_histories(run)):
        return None
    figure = new_figure(8, 3.2)
    panels = {"loss": ("loss", "val_loss"), f"{quality.replace('_', ' ')} of the validation cases": (f"val_{quality}",)}
    for place, (title, names) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, 2, place)
        for member, rows in _histories(run):
            for name, style in zip(names, ("-", "--"), strict=False):
                values = [(row["epoch"], row[name]) for row in rows if row.get(name) is not None]
                if values:
                    axes.plot(*zip(*values, strict=True), style, label=f"member {member} {name.replace('_', ' ')}", linewidth=1)
        axes.set(xlabel="epoch", ylabel=title)
        if axes.lines:
            axes.legend(fontsize=6)
    return figure


def _histories(run: Path) -> Iterator[tuple[str, list[dict[str, Cell]]]]:
    for path in sorted(run.glob("members/*/history.csv")):
        yield path.parent.name, read_typed(path, ("epoch",), "remove it, or train the member again")
