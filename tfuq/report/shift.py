"""Figures of a study of shift: quantities against severity, and one case at rising severity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.config import Config
from tfuq.measures.catalogue import MEASURES, unit_of_all
from tfuq.measures.measure import Measure
from tfuq.report.plotting import file_names, own_style, panels, save, set_title
from tfuq.report.ranking import LINES
from tfuq.report.strips import Example
from tfuq.report.tasks import REPORTS
from tfuq.scoring.rows import Row, column, rows_of, rows_with

Key = tuple[str, float]  # method and severity
_SCORES = {  # and how their axes are named
    "dice": "Dice",
    "accuracy": "accuracy",
    "radial_error_mm": "radial error (mm)",
    "radial_error_px": "radial error (pixels)",
    "ece": "expected calibration error",
}
_MEASURES = (
    "predictive_entropy",
    "image_predictive_entropy",
    "expected_entropy",
    "image_expected_entropy",
    "mutual_information",
    "image_mutual_information",
    "variation_ratio",
    "image_variation_ratio",
    "pairwise_dice",
    "coefficient_of_variation",
    "max_activation",
    "variance",
    "variance_mm",
    "mean_radial_spread",
    "mean_radial_spread_mm",
    "aleatoric_variance",
    "aleatoric_variance_mm",
)
_UNITS = {"pixel": "pixels", "pixel²": "pixels²"}  # as axes name them


def _axis_label(measure: Measure) -> str:
    unit = unit_of_all(measure.name)
    if unit in (None, "1"):
        return measure.title
    return f"{measure.title} ({_UNITS.get(unit, unit)})"


# Those of the table that a plot shows, and how their axes are named.
QUANTITIES = _SCORES | {name: _axis_label(MEASURES[name]) for name in _MEASURES}
_IN_MM = "{}_mm"  # the same quantity, where the size of a pixel is known
_MOST_COLUMNS = 6
_TO_EACH_SIDE = 2  # severities below and above 0, where there are both


def shown_quantities(rows: Sequence[Row]) -> list[str]:
    """The quantities of the rows that a plot shows: in mm, where the size of a pixel is known."""
    present = [name for name in QUANTITIES if rows_with(rows, name)]
    return [name for name in present if _IN_MM.format(name) not in present]


@own_style()
def write_figures(
    folder: Path,
    config: Config,
    rows: Sequence[Row],
    correlations: Sequence[Row],
    examples: dict[Key, Example],
    ratios: dict[Key, list[int] | None],
    meaning: str,
    axis: str,
) -> list[Path]:
    """Plot a study of shift.

    Args:
        folder: The folder to write to.
        config: The configuration of the run.
        rows: The rows of `tfuq.scoring.shift.shift_rows`.
        correlations: The rows of `tfuq.scoring.shift.correlation_rows`.
        examples: Arrays of the first case by method and severity.
        ratios: How many wrong voxels have which variation ratio, by method and severity; None
            where that does not exist.
        meaning: The perturbation, and what its severity is.
        axis: What the severity is, in a few words.

    Returns:
        The figures that were written.
    """
    figure = against_severity(rows, correlations, meaning, axis)
    written = [save(figure, folder / "severity.png")]
    parts = file_names(name for name, _ in examples)
    strips = REPORTS[config.task].strips
    for method in parts:
        method_examples = {}
        counts = {}
        for severity in _some([severity for name, severity in examples if name == method]):
            method_examples[severity] = examples[method, severity]
            counts[severity] = ratios[method, severity]
        for name, figure in strips(config, method_examples, counts, meaning):
            written.append(save(figure, folder / f"{name}-{parts[method]}.png"))
    return written


def _some(severities: Sequence[float]) -> list[float]:
    """A few severities from the lowest to the highest, both and 0 among them where it is there."""
    ordered = sorted(severities)
    if 0.0 not in ordered[1:-1]:
        return _spread(ordered, _MOST_COLUMNS)
    clean = ordered.index(0.0)
    downwards = _spread(ordered[clean::-1], _TO_EACH_SIDE + 1)
    upwards = _spread(ordered[clean:], _TO_EACH_SIDE + 1)
    return [*downwards[::-1], *upwards[1:]]


def _spread(ordered: Sequence[float], count: int) -> list[float]:
    """A few of ordered numbers, the first and the last among them, as evenly as can be."""
    positions = np.linspace(0, len(ordered) - 1, count)
    indices = np.unique(np.rint(positions).astype(int))
    return [ordered[index] for index in indices]


def against_severity(
    rows: Sequence[Row], correlations: Sequence[Row], meaning: str, axis: str
) -> Figure:
    """Plot each quality and each uncertainty against severity, a line for each method.

    Args:
        rows: A row for each method and severity.
        correlations: Spearman's and Pearson's correlation with severity, by method and quantity.
        meaning: The perturbation, and what its severity is.
        axis: What the severity is, in a few words.
    """
    names = shown_quantities(rows)
    by_quantity = {(row["method"], row["quantity"]): row for row in correlations}
    methods = list(dict.fromkeys(column(rows, "method")))
    figure, axes = panels(len(names))
    for panel, name in zip(axes, names, strict=True):
        present = rows_with(rows, name)
        for method, (colour, style) in zip(methods, cycle(LINES), strict=False):
            method_rows = rows_of(present, "method", method)
            correlation = _correlation_text(by_quantity.get((method, name)))
            if method_rows:
                _plot_line(panel, method_rows, name, colour, style, correlation)
        panel.set(xlabel=axis, ylabel=QUANTITIES[name])
        # Above the frame, as lines may be anywhere within.
        panel.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    set_title(figure, meaning)
    return figure


def _plot_line(
    axes: Axes, rows: list[Row], name: str, colour: str, style: str, correlation: str
) -> None:
    axes.plot(
        column(rows, "severity"),
        column(rows, name),
        style,
        color=colour,
        marker="o",
        markersize=3,
        linewidth=1.2,
        label=f"{rows[-1]['method']}, T = {rows[-1]['samples']}{correlation}",
    )


def _correlation_text(row: Row | None) -> str:
    if row is None or row["spearman"] is None:
        return ""
    spearman = f"{row['spearman']:.2f}".replace("-", "−")
    pearson = f"{row['pearson']:.2f}".replace("-", "−")
    return f" (ρ {spearman}, r {pearson})"
