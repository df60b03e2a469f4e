"""Figures of a scored predictions folder of segmentation. Every bar has its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfuq.report.free_response import free_response_figure
from tfuq.report.histograms import count_pair, edges_of, plot_density
from tfuq.report.overview import overview
from tfuq.report.plotting import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RIGHT,
    WRONG,
    axes_at,
    correlation_title,
    file_names,
    make_logarithmic,
    new_figure,
    words,
)
from tfuq.report.raters import rater_figure
from tfuq.report.scored import NamedFigures, ScoredFolder
from tfuq.report.slices import CaseArrays, load_case, map_scale
from tfuq.runs import results
from tfuq.runs.orientation import config_as_seen
from tfuq.scoring.evaluation import Scores, cases_with_references
from tfuq.scoring.lesion_structures import told_of
from tfuq.scoring.rows import Row, column, rows_of, rows_with

_WORST = 3
# In inches: the frame of a histogram, and the room for its labels.
_HISTOGRAM_WIDTH = 2.6
_HISTOGRAM_HEIGHT = 2.4
_LABELS_BESIDE = 0.75
_LABELS_BELOW = 0.5
_MARGIN = 0.1
_COLUMNS = 4
_SPLIT_STYLES = {  # colour and marker, told apart without colour vision
    "train": (ORANGE, "s"),
    "validation": (GREEN, "^"),
    "calibration": (PURPLE, "D"),
    "test": (BLUE, "o"),
}


def segmentation_figures(scored: ScoredFolder) -> NamedFigures:
    """Plot the worst cases, histograms of maps, and measures against Dice."""
    config = config_as_seen(scored.run)
    scores = scored.scores
    manifest = results.read_manifest(scored.path)
    referenced = cases_with_references(manifest, config, scored.reference)
    cases = {case.id: case for case in referenced}
    whole = rows_of(scores.cases, "class", "all")
    dice = dict(zip(column(whole, "case"), column(whole, "dice"), strict=True))
    worst = sorted(dice, key=lambda case_id: dice[case_id])[:_WORST]
    for case_id in worst:
        arrays = load_case(scored.path, cases[case_id], config)
        title = f"{case_id}: Dice {dice[case_id]:.3f}"
        yield f"case-{case_id}", overview(arrays, config, title)
    loaded = (load_case(scored.path, case, config) for case in cases.values())
    yield "uncertainty-histograms", _plot_histograms(loaded, len(config.data.classes))
    lesions = told_of(scores.summary)
    curves = [row for row in scores.tables["froc"] if row["class"] in lesions]
    if curves and len(cases) > 1:  # of one scan, the table says it all
        yield "free-response", free_response_figure(curves, scores.summary["detection"])
    if "raters" in scores.tables:
        tables = scores.tables
        yield "raters", rater_figure(tables["raters"], scores.cases, tables["structures"])
    parts = file_names(scores.summary["spearman_with_dice"])
    for name, correlations in scores.summary["spearman_with_dice"].items():
        if any(values["rho"] is not None for values in correlations.values()):
            figure = _plot_measures(name, scores, correlations)
            yield f"dice-{parts[name]}", figure


def _plot_histograms(cases: Iterable[CaseArrays], classes: int) -> Figure:
    """Plot each map over correctly and wrongly labelled voxels of all cases.

    Histograms are densities on a logarithmic scale.
    """
    counts: dict[str, np.ndarray] = {}
    for case in cases:
        is_known = case.is_known.ravel(order="F")
        is_wrong = case.is_wrong.ravel(order="F")
        for name, values in case.maps.items():
            _, top = map_scale(name, classes)
            pair = count_pair(values.ravel(order="F"), is_known, is_wrong, top)
            counts[name] = counts.get(name, 0) + pair
    width = _HISTOGRAM_WIDTH + _LABELS_BESIDE
    height = _HISTOGRAM_HEIGHT + _LABELS_BELOW
    figure = new_figure(width * len(counts) + _MARGIN, height + _MARGIN, has_places=True)
    for number, (name, (correct, wrong)) in enumerate(counts.items()):
        edges = edges_of(name, classes)
        left = width * number + _LABELS_BESIDE
        axes = axes_at(figure, left, _LABELS_BELOW, _HISTOGRAM_WIDTH, _HISTOGRAM_HEIGHT)
        plot_density(axes, correct, edges, RIGHT, "correct")
        plot_density(axes, wrong, edges, WRONG, "wrong")
        unit, _ = map_scale(name, classes)
        axes.set(xlabel=f"{words(name)} ({unit})", ylabel="density")
        make_logarithmic(axes, "y", labels_between=False)
        axes.legend(fontsize=7)
    return figure


def _plot_measures(class_name: str, scores: Scores, correlations: dict[str, Row]) -> Figure:
    """Plot every structure-level measure against Dice, a point per case, with Spearman's ρ.

    Cases of several parts of the split are in a colour each, with ρ of each part.
    """
    rows = rows_of(scores.tables["structures"], "class", class_name)
    rows = rows_of(rows, "component", "all")
    by_split = scores.summary.get("spearman_by_split", {})
    splits = {row["case"]: row.get("split") for row in scores.cases}
    names = [name for name, values in correlations.items() if values["rho"] is not None]
    panel_rows = max(-(-len(names) // _COLUMNS), 1)
    figure = new_figure(3.0 * _COLUMNS, 2.6 * panel_rows)
    for number, name in enumerate(names, start=1):
        axes = figure.add_subplot(panel_rows, _COLUMNS, number)
        if by_split:
            of_splits = {split: tables[class_name][name] for split, tables in by_split.items()}
            _plot_splits(axes, rows_with(rows, name), name, splits, of_splits)
        else:
            _plot_measure(axes, rows, name, correlations[name])
    figure.suptitle(class_name, fontsize=10)
    return figure


def _plot_splits(
    axes: Axes,
    rows: list[Row],
    name: str,
    splits: Mapping[str, str | None],
    correlations: Mapping[str, Row],
) -> None:
    """Plot a measure against Dice, the cases of each part of the split in a colour of their own.

    Args:
        axes: Where.
        rows: Of structures that have the measure.
        name: Of the measure.
        splits: The part of each case.
        correlations: Of the measure with Dice by part.
    """
    for split, (colour, marker) in _SPLIT_STYLES.items():
        of_split = [row for row in rows if splits[row["case"]] == split]
        if not of_split:
            continue
        correlation = correlations[split]
        rho = "–" if correlation["rho"] is None else f"{correlation['rho']:.2f}"
        axes.scatter(
            column(of_split, name),
            column(of_split, "dice"),
            s=12,
            color=colour,
            marker=marker,
            alpha=0.8,
            linewidths=0,
            label=f"{split}: ρ {rho}, n {correlation['n']}",
        )
    axes.set_xlabel(words(name), fontsize=8)
    axes.set_ylabel("Dice", fontsize=8)
    axes.legend(fontsize=6)


def _plot_measure(axes: Axes, rows: list[Row], name: str, correlation: Row) -> None:
    present = rows_with(rows, name)
    axes.scatter(column(present, name), column(present, "dice"), s=10, color=RIGHT)
    axes.set_xlabel(words(name), fontsize=8)
    axes.set_ylabel("Dice", fontsize=8)
    title = correlation_title("ρ", correlation["rho"], correlation["p"], correlation["n"])
    axes.set_title(title, fontsize=8)
