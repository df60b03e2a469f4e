"""The page put together: pictures of as many cases as there is room for, and everything else."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from tfuq.data.ownership import require_same_output
from tfuq.data.paths import real_path
from tfuq.data.writers import write_text
from tfuq.report.page.cases import Cases, read_cases
from tfuq.report.page.content import as_json, page_data, value_text
from tfuq.report.page.overview import compared, promised
from tfuq.report.page.pictures import Pictures, pictures_of
from tfuq.report.page.provenance import own_facts, provenance_of, shared_facts
from tfuq.report.page.source import Source, by_name
from tfuq.report.page.sources import read_sources
from tfuq.report.page.tables import figures_of, readable_name, tables_of
from tfuq.report.tasks import REPORTS
from tfuq.runs.provenance import tfuq_version
from tfuq.scoring.evaluation.scores import require_one_scoring

PAGE = "report.html"
MARK = "<!-- A report by tfuq -->"
_BEGINS = b"<!DOCTYPE html>"  # of every page; tfuq writes no other HTML


def default_page(folders: list[Path]) -> Path:
    """``report.html`` in a folder of scores or predictions, or in what several lie below."""
    if len(folders) == 1:
        return folders[0] / PAGE
    resolved = list(map(real_path, folders))
    return Path(os.path.commonpath(resolved)) / PAGE


def write_page(folders: list[Path], out: Path, most_cases: int = 12) -> tuple[int, int]:
    """Write a report of score folders, or of predictions that are not scored.

    Args:
        folders: Folders that tfuq score or tfuq predict wrote, over the same cases.
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
    pictures = pictures_of(sources, cases, most_cases)
    page = _render(sources, cases, pictures)
    # This check comes last, so that it holds for everything that was read.
    for source in sources:
        if source.has_scores:
            require_one_scoring(source.folder, ("*.csv", "*.png"))
    write_text(out, page)
    return len(cases.ids), len(pictures.by_case)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"words": readable_name, "value": value_text, "unbroken": _unbroken}
    return environment


def _unbroken(heading: str) -> str:
    """A heading whose number of samples is not apart from its T."""
    return heading.replace(" = ", "\u00a0=\u00a0")


def _render(sources: list[Source], cases: Cases, pictures: Pictures) -> str:
    data = page_data(sources, cases, list(pictures.by_case))
    template = _environment().get_template("page.html.j2")
    return template.render(
        mark=Markup(MARK),
        version=tfuq_version(),
        style=Markup(_asset("page.css") + _asset("print.css")),
        script=Markup(_asset("page.js") + _asset("viewer.js") + _asset("gallery.js")),
        data=Markup(as_json(data)),
        pictures={case_id: Markup(text) for case_id, text in pictures.by_case.items()},
        notes=pictures.notes,
        title=_title(sources[0]),
        task=sources[0].task,
        controls=REPORTS[sources[0].task].controls,
        sources=sources,
        cases=cases,
        headings=by_name(sources, lambda source: source.heading),
        **compared(sources, cases),
        **promised(sources),
        **_sections(sources),
    )


def _title(source: Source) -> str:
    if source.run:
        return source.run.config.name
    return real_path(source.folder).name


def _sections(sources: list[Source]) -> dict[str, Any]:
    """What the template says of each method, by section and method."""
    with_run = [source for source in sources if source.run]
    configurations = by_name(with_run, lambda source: source.present_run.config.dump())
    provenance = by_name(sources, provenance_of)
    return {
        "tables": by_name(sources, tables_of),
        "figures": by_name(sources, figures_of),
        "shared_facts": shared_facts(provenance),
        "own_facts": own_facts(provenance),
        "configurations": configurations,
    }


def _asset(name: str) -> str:
    return resources.files("tfuq.report.page").joinpath(name).read_text(encoding="utf-8")
