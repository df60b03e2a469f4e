"""What the page says of all cases: sentences, tables of scores, and the numbers that its script sorts and draws."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import matplotlib
import numpy as np
from matplotlib import colors

from tfuq.report.canvas import BLUE, GREEN, ORANGE, PURPLE, SEQUENTIAL, SKY, YELLOW
from tfuq.report.page.casewise import Cases
from tfuq.report.page.found import readable_name
from tfuq.report.page.sources import Scored
from tfuq.scoring.comparison import Cell, Comparison, compare, measures_side_by_side, shared_members, unit_of
from tfuq.scoring.evaluation.failures import CERTAINTIES
from tfuq.scoring.evaluation.scores import mean_of
from tfuq.scoring.metrics import METRICS
from tfuq.scoring.promise_lines import promise_remarks

_DIGITS, _RAMP = 6, 24
_CLASS_COLOURS = (SKY, ORANGE, GREEN, PURPLE, YELLOW, BLUE)


def findings(cases: Cases) -> Iterator[str]:
    """What to know before all else, in a sentence each."""
    quality, columns = cases.quality.name, cases.methods
    name = readable_name(quality)
    means = {method: mean_of(values.scores[quality]) for method, values in columns.items()}
    best = (max if cases.quality.better == "higher" else min)(means, key=means.get)
    if len(means) > 1:
        yield f"Best mean {name}: {best} ({means[best]:.4g}). Bold in the table is what a paired test supports."
    else:
        yield f"Mean {name}: {means[best]:.4g} over {len(cases.ids)} cases."
    worst = mean_of([values.scores[quality][cases.ids.index(cases.worst[0])] for values in columns.values()])
    yield f"Worst case: {cases.worst[0]}" + ("." if worst is None else f" ({name} {worst:.4g}).")
    if cases.least_certain:
        yield f"Least certain by {readable_name(cases.measures[0])}: {', '.join(cases.least_certain[:3])}."


def promise_findings(sources: list[Scored]) -> Iterator[str]:
    """What to be wary of in the promises of calibrated predictions, by method."""
    for source in sources:
        yield from (f"Promises of {source.name}: {remark}." for remark in promise_remarks(source.summary))


def class_comparisons(sources: list[Scored], ids: list[str]) -> dict[str, Comparison]:
    """Of each class, the scores and the measures of every method; "all" first. ``ids`` are the cases of the report."""
    names = list(dict.fromkeys(["all", *sources[0].summary.get("scores", {})]))
    if len(sources) > 1:
        return {name: compare([source.folder for source in sources], name) for name in names}
    (source,) = sources
    tables = source.summary.get("scores", {})
    return {name: _alone(source, name, tables[name], ids) for name in names if name in tables}


def _alone(source: Scored, class_name: str, scores: dict, ids: list[str]) -> Comparison:
    """One method, of which nothing is compared."""
    name = source.name
    cells = {score: {name: Cell(v["mean"], v.get("std"), False)} for score, v in scores.items() if score in METRICS}
    measures = measures_side_by_side({name: source.folder}, class_name, ids)
    members = shared_members({name: source.folder})
    return Comparison([name], ids, cells, {name: source.samples}, measures, shared_members=members)


def value_text(value: float | None) -> str:
    """Four digits; a dash where there is none."""
    return "–" if value is None else f"{value:.4g}"


def cell_text(cell: Cell) -> str:
    """Mean ± deviation with four digits of the mean; a dash where no case has the score of every method."""
    if math.isnan(cell.mean):
        return "–"
    places = min(max(3 - math.floor(math.log10(abs(cell.mean) or 1.0)), 0), 8)
    return f"{cell.mean:.{places}f}" + ("" if cell.std is None else f" ± {cell.std:.{places}f}")


def score_name(name: str) -> str:
    """A score or a measure as a person writes it, with its unit where it has one."""
    unit = unit_of(name)
    plain = re.sub(r" (mm3|mm2|mm|px2|px)$", "", readable_name(name))
    return plain if unit is None else f"{plain} ({unit})"


def page_data(sources: list[Scored], cases: Cases, shown: list[str]) -> dict:
    """What the page's script sorts, counts and draws; ``shown`` are the cases that it has pictures of."""
    columns = {name: method.scores | method.measures for name, method in cases.methods.items()}
    return {
        "task": sources[0].task,
        "ids": cases.ids,
        "headings": {source.name: source.heading for source in sources},
        "quality": {"name": cases.quality.name, "better": cases.quality.better},
        "measures": cases.measures,
        "labels": {name: score_name(name) for method in cases.methods.values() for name in method.scores},
        "certainties": CERTAINTIES,
        "ramp": [colors.to_hex(colour) for colour in matplotlib.colormaps[SEQUENTIAL](np.linspace(0, 1, _RAMP))],
        "colours": _CLASS_COLOURS,
        "classes": sources[0].run.config.data.classes if sources[0].run else [],
        "worst": [case_id for case_id in cases.worst if case_id in shown],
        "uncertain": [case_id for case_id in cases.least_certain if case_id in shown],
        "methods": {method: {name: _rounded(values) for name, values in found.items()} for method, found in columns.items()},
    }


def _rounded(values: list[float | None]) -> list[float | None]:
    return [None if value is None else float(f"{value:.{_DIGITS}g}") for value in values]


def as_json(content) -> str:
    """JSON that may stand within a script element."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
