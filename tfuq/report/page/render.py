"""The page put together: pictures of as many cases as there is room for, and everything else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from tfuq.data.ownership import require_same_output
from tfuq.data.paths import real_path
from tfuq.data.writers import write_text
from tfuq.errors import TfuqError
from tfuq.report.page.cases import Cases, read_cases
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
from tfuq.report.page.provenance import provenance_of
from tfuq.report.page.sources import Scored, by_name, hindrance, read_sources
from tfuq.report.page.tables import figures_of, readable_name, tables_of
from tfuq.report.page.views import View
from tfuq.report.tasks import REPORTS
from tfuq.scoring.comparison import BOLD, DIFFERENCES, UNBIASED, difference_text
from tfuq.scoring.evaluation.scores import require_one_scoring
from tfuq.version import __version__

PAGE = "report.html"
MARK = "<!-- A report by tfuq -->"
_BEGINS = b"<!DOCTYPE html>"  # of every page; tfuq writes no other HTML
# Characters of cases. The figures of several methods then have room below 15 MB.
_BUDGET = 10_500_000


@dataclass(kw_only=True)
class _Pictures:
    """The pictures of cases that the page holds, as JSON by id, and why others are not there."""

    by_case: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def default_page(folders: list[Path]) -> Path:
    """``report.html`` in a score folder, or in the folder that several lie below."""
    if len(folders) == 1:
        return folders[0] / PAGE
    resolved = list(map(real_path, folders))
    return Path(os.path.commonpath(resolved)) / PAGE


def write_page(folders: list[Path], out: Path, most_cases: int = 12) -> tuple[int, int]:
    """Write a report of score folders.

    Args:
        folders: Folders that tfuq score wrote, over the same cases.
        out: The HTML file to write.
        most_cases: How many cases have pictures, as far as there is room.

    Returns:
        How many cases the report has, and of how many it holds pictures.

    Raises:
        DataError: The folders do not belong on one page.
        RunError: A file is damaged.
        TfuqError: ``out`` is something else, and was left alone.
    """
    require_same_output(out, _BEGINS)
    sources = read_sources(folders)
    cases = read_cases(sources)
    pictures = _pictures(sources, cases, most_cases)
    page = _render(sources, cases, pictures)
    # This check comes last, so that it holds for everything that was read.
    for folder in folders:
        require_one_scoring(folder, ("*.csv", "*.png"))
    write_text(out, page)
    return len(cases.ids), len(pictures.by_case)


def _pictures(sources: list[Scored], cases: Cases, most_cases: int) -> _Pictures:
    pictures = _Pictures()
    wanted = cases.to_show(most_cases)
    for source in sources:
        reason = hindrance(source)
        if reason:
            pictures.notes.append(f"No case is shown: {reason}.")
            return pictures
    _add_pictures(pictures, REPORTS[sources[0].task].view(sources), wanted)
    count = len(pictures.by_case)
    if count < len(cases.ids):
        note = (
            f"Pictures of {count} of {len(cases.ids)} cases are in this file: "
            "the worst and the least certain in turn."
        )
        pictures.notes.insert(0, note)
    return pictures


def _add_pictures(pictures: _Pictures, view: View, wanted: list[str]) -> None:
    """Add the pictures of cases until there is no more room."""
    room = _BUDGET
    for case_id in wanted:
        try:
            content = as_json(view(case_id))
        except TfuqError as error:
            pictures.notes.append(f"Case {case_id} is not shown: {error}")
            continue
        room -= len(content)
        if room < 0:
            note = "There is no room for more of the cases that were asked for."
            pictures.notes.append(note)
            break
        pictures.by_case[case_id] = content


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "words": readable_name,
        "figure": cell_text,
        "score": score_name,
        "value": value_text,
        "difference": difference_text,
    }
    return environment


def _render(sources: list[Scored], cases: Cases, pictures: _Pictures) -> str:
    data = page_data(sources, cases, list(pictures.by_case))
    template = _environment().get_template("page.html.j2")
    return template.render(
        mark=Markup(MARK),
        version=__version__,
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js") + _asset("viewer.js")),
        data=Markup(as_json(data)),
        pictures={case_id: Markup(text) for case_id, text in pictures.by_case.items()},
        notes=pictures.notes,
        **_summary(sources, cases),
        **_sections(sources),
    )


def _summary(sources: list[Scored], cases: Cases) -> dict[str, Any]:
    """What the template says of all methods together."""
    return {
        "title": _title(sources[0]),
        "task": sources[0].task,
        "sources": sources,
        "cases": cases,
        "findings": [*findings(cases), *promise_findings(sources)],
        "comparisons": class_comparisons(sources, cases.ids),
        "legends": {"bold": BOLD, "differences": DIFFERENCES, "unbiased": UNBIASED},
    }


def _title(source: Scored) -> str:
    if source.run:
        return source.run.config.name
    return real_path(source.folder).name


def _sections(sources: list[Scored]) -> dict[str, dict[str, Any]]:
    """What the template says of each method, by section and method."""
    with_run = [source for source in sources if source.run]
    return {
        "headings": by_name(sources, lambda source: source.heading),
        "tables": by_name(sources, tables_of),
        "figures": by_name(sources, figures_of),
        "provenance": by_name(sources, provenance_of),
        "configurations": by_name(with_run, lambda source: source.present_run.config.dump()),
    }


def _asset(name: str) -> str:
    return resources.files("tfuq.report.page").joinpath(name).read_text(encoding="utf-8")
