"""What the page says of all cases: sentences, tables of scores, and the numbers of its script."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from matplotlib import colors
from matplotlib.colors import LinearSegmentedColormap

from tfuq.measures.catalogue import MEASURES, OF_VOXELS, names_of
from tfuq.report.page.cases import CaseColumns, Cases, Column
from tfuq.report.page.names import name_of
from tfuq.report.page.source import Source, by_name
from tfuq.report.plotting import BLUE, GREEN, ORANGE, PURPLE, SKY, YELLOW
from tfuq.scoring.comparison import (
    Cell,
    Comparison,
    compare,
    lesions_side_by_side,
    measures_side_by_side,
    shared_members,
)
from tfuq.scoring.metrics import METRICS, Metric
from tfuq.scoring.promise_lines import promise_remarks
from tfuq.scoring.rows import mean_of

_DIGITS = 6
_RAMP = 24  # colours of a map's scale
_TINTS = ("#ffe08a", "#ff9a3c", "#ff3d2e")
_CLASS_COLOURS = (SKY, ORANGE, GREEN, PURPLE, YELLOW, BLUE)
_MISSING = "–"
_PRINTED_MEASURES = 3
_PRINTED = ("dice", "hd95_mm", "hd95_px", "accuracy", "radial_error_mm", "radial_error_px", "nll")


def findings(cases: Cases) -> Iterator[str]:
    """Say what to know before all else, in a sentence each."""
    if cases.quality:
        yield _best_mean(cases, cases.quality)
        yield _worst_case(cases, cases.quality)
    if cases.least_certain:
        measure = name_of(cases.measures[0]).title
        yield f"Least certain by {measure}: {', '.join(cases.least_certain[:3])}."


def missing_findings(sources: list[Source]) -> Iterator[str]:
    """Say which cases predictions lack, by method."""
    for source in sources:
        if source.missing:
            yield f"Warning: of {source.name}, {source.missing}."


def _best_mean(cases: Cases, quality: Metric) -> str:
    means = {}
    for method, columns in cases.methods.items():
        means[method] = mean_of(columns.scores[quality.name])
    choose: Callable[..., str] = min
    if quality.better == "higher":
        choose = max
    best = choose(means, key=means.get)
    if len(means) > 1:
        return (
            f"Best mean {quality.title}: {best} ({means[best]:.4g}). "
            "Bold in the table is what a paired test supports."
        )
    return f"Mean {quality.title}: {means[best]:.4g} over {len(cases.ids)} cases."


def _worst_case(cases: Cases, quality: Metric) -> str:
    worst = cases.worst[0]
    index = cases.ids.index(worst)
    values = [columns.scores[quality.name][index] for columns in cases.methods.values()]
    mean = mean_of(values)
    if mean is None:
        return f"Worst case: {worst}."
    return f"Worst case: {worst} ({quality.title} {mean:.4g})."


def promise_findings(sources: list[Source]) -> Iterator[str]:
    """Say what to be wary of in the promises of calibrated predictions, by method."""
    for source in sources:
        for remark in promise_remarks(source.summary):
            yield f"Promises of {source.name}: {remark}."


def class_comparisons(sources: list[Source], ids: list[str]) -> dict[str, Comparison]:
    """Compare the scores and the measures of all methods, by class; "all" is first.

    Args:
        sources: The score folders; none where nothing is scored.
        ids: The cases of the report.
    """
    if not sources:
        return {}
    scores = sources[0].summary.get("scores", {})
    names = list(dict.fromkeys(["all", *scores]))
    if len(sources) > 1:
        folders = [source.folder for source in sources]
        return {name: compare(folders, name) for name in names}
    (source,) = sources
    return {name: _alone(source, name, ids) for name in names if name in scores}


def _alone(source: Source, class_name: str, ids: list[str]) -> Comparison:
    """One method, which is compared with none."""
    name = source.name
    cells = {}
    for score, statistics in source.summary["scores"][class_name].items():
        if score in METRICS:
            cell = Cell(
                mean=statistics["mean"],
                std=statistics.get("std"),
                cases=statistics.get("n", len(ids)),
                is_best=False,
            )
            cells[score] = {name: cell}
    folders = {name: source.folder}
    return Comparison(
        methods=[name],
        cases=ids,
        cells=cells,
        samples={name: source.samples},
        measures=measures_side_by_side(folders, class_name, ids),
        shared_members=shared_members(folders),
        detection=lesions_side_by_side(folders, {name: source.summary}, class_name, ids),
    )


def value_text(value: float | None) -> str:
    """Format a value with four digits; a dash where there is none."""
    if value is None:
        return _MISSING
    return f"{value:.4g}"


def decimals_of(cells: Iterable[Cell]) -> int:
    """How many decimals a line of a table has: as many as give its largest mean four digits."""
    means = [abs(cell.mean) for cell in cells if not math.isnan(cell.mean)]
    magnitude = math.floor(math.log10(max(means, default=1.0) or 1.0))
    return min(max(3 - magnitude, 0), 8)


def cell_texts(cell: Cell, decimals: int) -> list[str]:
    """Format a mean and its deviation, where there is one.

    A dash stands where no case has the score of every method.

    Args:
        cell: Of a comparison.
        decimals: As of `decimals_of`.
    """
    if math.isnan(cell.mean):
        return [_MISSING]
    if cell.std is None:
        return [f"{cell.mean:.{decimals}f}"]
    return [f"{cell.mean:.{decimals}f}", f"± {cell.std:.{decimals}f}"]


def page_data(sources: list[Source], cases: Cases, pictured: list[str]) -> dict[str, Any]:
    """Gather what the page's script sorts, counts and plots.

    Args:
        sources: The score folders.
        cases: The cases of the report.
        pictured: The ids of the cases that the page has pictures of.
    """
    return {
        "task": sources[0].task,
        "ids": cases.ids,
        "headings": by_name(sources, lambda source: source.heading),
        "quality": _quality(cases),
        "measures": cases.measures,
        "labels": _labels(cases),
        "meanings": _meanings(cases),
        "short": _short(cases),
        "printed": _printed(cases),
        "certainties": _certainties(cases),
        "ramp": _ramp(),
        "colours": _CLASS_COLOURS,
        "classes": _classes(sources[0]),
        "worst": _among(cases.worst, pictured),
        "uncertain": _among(cases.least_certain, pictured),
        "methods": {name: _rounded_columns(columns) for name, columns in cases.methods.items()},
    }


def _certainties(cases: Cases) -> list[str]:
    """Those of the measures that are larger where more certain."""
    return [name for name in cases.measures if MEASURES[name].orientation == "more certain"]


def _classes(source: Source) -> list[str]:
    """The names of the classes; none where the run is gone."""
    if source.run is None:
        return []
    return source.run.config.data.classes


def _quality(cases: Cases) -> dict[str, str | None] | None:
    """The score that cases are ordered by; None where there is none."""
    if cases.quality is None:
        return None
    return {"name": cases.quality.name, "better": cases.quality.better}


def _short(cases: Cases) -> str | None:
    """The quality where there is room for a word."""
    if cases.quality is None:
        return None
    return cases.quality.symbol or cases.quality.title


def _columns(cases: Cases) -> list[str]:
    """Every score and measure that any method has."""
    names: dict[str, None] = {}
    for columns in cases.methods.values():
        names |= dict.fromkeys([*columns.scores, *columns.measures])
    return list(names)


def _labels(cases: Cases) -> dict[str, str]:
    """How scores, measures and maps are written."""
    names = [*_columns(cases), *names_of(OF_VOXELS)]
    return {name: str(name_of(name)) for name in names}


def _meanings(cases: Cases) -> dict[str, list[str]]:
    """Which way of each score is better, or of each measure less certain: an arrow and words."""
    meanings = {}
    for column in _columns(cases):
        name = name_of(column)
        meanings[column] = [name.arrow, name.meaning]
    return meanings


def _printed(cases: Cases) -> list[str]:
    """The columns of the list of cases that a page of paper has room for."""
    scores = [name for name in _PRINTED if name in _columns(cases)]
    return [*scores, *cases.measures[:_PRINTED_MEASURES]]


def _ramp() -> list[str]:
    """The tints of a map's scale, from the lowest value to the highest.

    All are bright, as they lie over the image: a low value lets it show, and none darkens it.
    """
    ramp = LinearSegmentedColormap.from_list("tint", _TINTS)(np.linspace(0, 1, _RAMP))
    return list(map(colors.to_hex, ramp))


def _among(ids: list[str], pictured: list[str]) -> list[str]:
    return [case_id for case_id in ids if case_id in pictured]


def _rounded_columns(columns: CaseColumns) -> dict[str, Column]:
    rounded = {}
    for name, values in (columns.scores | columns.measures).items():
        rounded[name] = list(map(_rounded, values))
    return rounded


def _rounded(value: float | None) -> float | None:
    if value is None:
        return None
    return float(f"{value:.{_DIGITS}g}")


def as_json(content: object) -> str:
    """Write JSON that may stand within a script element."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
