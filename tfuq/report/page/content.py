"""What the page says of all cases: sentences, tables of scores, and the numbers of its script."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colors

from tfuq.measures.catalogue import MEASURES
from tfuq.report.page.cases import CaseColumns, Cases, Column
from tfuq.report.page.sources import Scored, by_name
from tfuq.report.page.tables import readable_name
from tfuq.report.plotting import BLUE, GREEN, ORANGE, PURPLE, SEQUENTIAL, SKY, YELLOW
from tfuq.scoring.comparison import (
    Cell,
    Comparison,
    compare,
    measures_side_by_side,
    shared_members,
    unit_of,
)
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.promise_lines import promise_remarks
from tfuq.scoring.rows import mean_of

_DIGITS = 6
_RAMP = 24  # colours of a map's scale
_CLASS_COLOURS = (SKY, ORANGE, GREEN, PURPLE, YELLOW, BLUE)
_MISSING = "–"


def findings(cases: Cases) -> Iterator[str]:
    """Say what to know before all else, in a sentence each."""
    yield _best_mean(cases)
    yield _worst_case(cases)
    if cases.least_certain:
        measure = readable_name(cases.measures[0])
        yield f"Least certain by {measure}: {', '.join(cases.least_certain[:3])}."


def _best_mean(cases: Cases) -> str:
    quality = cases.quality.name
    means = {}
    for method, columns in cases.methods.items():
        means[method] = mean_of(columns.scores[quality])
    choose: Callable[..., str] = min
    if cases.quality.better == "higher":
        choose = max
    best = choose(means, key=means.get)
    name = readable_name(quality)
    if len(means) > 1:
        return (
            f"Best mean {name}: {best} ({means[best]:.4g}). "
            "Bold in the table is what a paired test supports."
        )
    return f"Mean {name}: {means[best]:.4g} over {len(cases.ids)} cases."


def _worst_case(cases: Cases) -> str:
    quality = cases.quality.name
    worst = cases.worst[0]
    index = cases.ids.index(worst)
    mean = mean_of([columns.scores[quality][index] for columns in cases.methods.values()])
    if mean is None:
        return f"Worst case: {worst}."
    return f"Worst case: {worst} ({readable_name(quality)} {mean:.4g})."


def promise_findings(sources: list[Scored]) -> Iterator[str]:
    """Say what to be wary of in the promises of calibrated predictions, by method."""
    for source in sources:
        for remark in promise_remarks(source.summary):
            yield f"Promises of {source.name}: {remark}."


def class_comparisons(sources: list[Scored], ids: list[str]) -> dict[str, Comparison]:
    """Compare the scores and the measures of all methods, by class; "all" is first.

    Args:
        sources: The score folders.
        ids: The cases of the report.
    """
    scores = sources[0].summary.get("scores", {})
    names = list(dict.fromkeys(["all", *scores]))
    if len(sources) > 1:
        folders = [source.folder for source in sources]
        return {name: compare(folders, name) for name in names}
    (source,) = sources
    return {name: _alone(source, name, ids) for name in names if name in scores}


def _alone(source: Scored, class_name: str, ids: list[str]) -> Comparison:
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
    )


def value_text(value: float | None) -> str:
    """Format a value with four digits; a dash where there is none."""
    if value is None:
        return _MISSING
    return f"{value:.4g}"


def cell_text(cell: Cell) -> str:
    """Format mean ± deviation with four digits of the mean.

    A dash stands where no case has the score of every method.
    """
    if math.isnan(cell.mean):
        return _MISSING
    magnitude = math.floor(math.log10(abs(cell.mean) or 1.0))
    decimals = min(max(3 - magnitude, 0), 8)
    text = f"{cell.mean:.{decimals}f}"
    if cell.std is not None:
        text += f" ± {cell.std:.{decimals}f}"
    return text


def score_name(name: str) -> str:
    """Write a score or a measure as a person does, with its unit where it has one."""
    unit = unit_of(name)
    plain = re.sub(r" (mm3|mm2|mm|px2|px)$", "", readable_name(name))
    if unit is None:
        return plain
    return f"{plain} ({unit})"


def page_data(sources: list[Scored], cases: Cases, pictured: list[str]) -> dict[str, Any]:
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
        "quality": {"name": cases.quality.name, "better": cases.quality.better},
        "measures": cases.measures,
        "labels": _labels(cases),
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


def _classes(source: Scored) -> list[str]:
    """The names of the classes; none where the run is gone."""
    if source.run is None:
        return []
    return source.run.config.data.classes


def _labels(cases: Cases) -> dict[str, str]:
    """How each score is written."""
    labels = {}
    for columns in cases.methods.values():
        for name in columns.scores:
            labels[name] = score_name(name)
    return labels


def _ramp() -> list[str]:
    """The colours of a map's scale, from the lowest value to the highest."""
    ramp = matplotlib.colormaps[SEQUENTIAL](np.linspace(0, 1, _RAMP))
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
