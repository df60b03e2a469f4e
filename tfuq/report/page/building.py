"""The page put together: pictures of as many cases as there is room for, and everything else around them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup

from tfuq.data.ownership import require_replaceable
from tfuq.data.paths import real_path
from tfuq.data.writers import write_text
from tfuq.errors import TfuqError
from tfuq.report.page.casewise import Cases, read_cases
from tfuq.report.page.content import (
    as_json,
    cell_text,
    class_comparisons,
    findings,
    page_data,
    promise_findings,
    score_name,
    value_text,
)
from tfuq.report.page.found import figures_of, provenance_of, readable_name, tables_of
from tfuq.report.page.pictures import View, class_views, landmark_views
from tfuq.report.page.sources import Scored, read_sources, readable
from tfuq.report.page.volumes import volume_view
from tfuq.scoring.comparison import BOLD, DIFFERENCES, UNBIASED, difference_text
from tfuq.scoring.evaluation.scores import require_one_scoring
from tfuq.version import __version__

PAGE = "report.html"
MARK = "<!-- A report by tfuq -->"
_BUDGET = 10_500_000  # characters of cases, which leaves the figures of several methods room below 15 MB


@dataclass
class Shown:
    """The cases that the page holds pictures of, by id, and why others are not there."""

    cases: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def default_page(folders: list[Path]) -> Path:
    """``report.html`` in a score folder, or in the folder that several lie below."""
    if len(folders) == 1:
        return folders[0] / PAGE
    return Path(os.path.commonpath([real_path(folder) for folder in folders])) / PAGE


def write_page(folders: list[Path], out: Path, most_cases: int = 12) -> tuple[int, int]:
    """Write a report of score folders; how many cases it has, and of how many it holds pictures.

    Raises:
        DataError: folders that do not belong on one page. RunError: a damaged file. TfuqError: ``out`` is something else.
    """
    require_replaceable(out)
    sources = read_sources(folders)
    cases = read_cases(sources)
    shown = _pictures(sources, cases, most_cases)
    page = _render(sources, cases, shown)
    for folder in folders:
        require_one_scoring(folder, ("*.csv", "*.png"))  # last, so that it holds of all that was read
    write_text(out, page)
    return len(cases.ids), len(shown.cases)


def _pictures(sources: list[Scored], cases: Cases, most: int) -> Shown:
    shown, wanted = Shown(), cases.to_show(most)
    hindered = next((why for why in map(readable, sources) if why), None)
    if hindered:
        shown.notes.append(f"No case is shown: {hindered}.")
        return shown
    view, room = _view(sources), _BUDGET
    for case_id in wanted:
        try:
            drawn = as_json(view(case_id))
        except TfuqError as error:
            shown.notes.append(f"Case {case_id} is not shown: {error}")
            continue
        room -= len(drawn)
        if room < 0:
            shown.notes.append("There is no room for more of the cases that were asked for.")
            break
        shown.cases[case_id] = drawn
    if len(shown.cases) < len(cases.ids):
        kept = f"Pictures of {len(shown.cases)} of {len(cases.ids)} cases are in this file"
        shown.notes.insert(0, f"{kept}: the worst and the least certain in turn.")
    return shown


def _view(sources: list[Scored]) -> View:
    task = sources[0].task
    if task == "segmentation":
        return lambda case_id: volume_view(sources, case_id)
    return class_views(sources) if task == "classification" else landmark_views(sources)


def _render(sources: list[Scored], cases: Cases, shown: Shown) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"words": readable_name, "figure": cell_text, "score": score_name}
    environment.filters |= {"value": value_text, "difference": difference_text}
    return environment.get_template("page.html.j2").render(
        mark=Markup(MARK),
        version=__version__,
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js") + _asset("viewer.js")),
        data=Markup(as_json(page_data(sources, cases, list(shown.cases)))),
        pictures={case_id: Markup(text) for case_id, text in shown.cases.items()},
        notes=shown.notes,
        **_content(sources, cases),
    )


def _content(sources: list[Scored], cases: Cases) -> dict:
    run = sources[0].run
    return {
        "title": run.config.name if run else real_path(sources[0].folder).name,
        "task": sources[0].task,
        "sources": sources,
        "cases": cases,
        "findings": [*findings(cases), *promise_findings(sources)],
        "comparisons": class_comparisons(sources, cases.ids),
        "headings": {source.name: source.heading for source in sources},
        "legends": {"bold": BOLD, "differences": DIFFERENCES, "unbiased": UNBIASED},
        "tables": {source.name: list(tables_of(source)) for source in sources},
        "figures": {source.name: figures_of(source) for source in sources},
        "provenance": {source.name: provenance_of(source) for source in sources},
        "configurations": {source.name: source.run.config.dump() for source in sources if source.run},
    }


def _asset(name: str) -> str:
    return resources.files("tfuq.report.page").joinpath(name).read_text(encoding="utf-8")
