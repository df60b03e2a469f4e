"""Landmark regression: what a report shows of it."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.report.landmark_figures import landmark_figures
from tfuq.report.page.images import landmark_views
from tfuq.report.page.predicted_rows import landmark_rows
from tfuq.report.scored import NamedFigures
from tfuq.report.strips import Example, landmark_strip
from tfuq.report.tasks.base import REPORTS, Ratios, TaskReport


def _strips(
    config: Config,
    examples: dict[float, Example],
    ratios: Ratios,
    meaning: str,
) -> NamedFigures:
    yield "strip", landmark_strip(examples, meaning)


REPORTS.register("landmarks")(
    TaskReport(
        figures=landmark_figures,
        rows=landmark_rows,
        view=landmark_views,
        strips=_strips,
        controls="landmark_controls.html.j2",
    )
)
