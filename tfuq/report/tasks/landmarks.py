"""Landmark regression: what a report shows of it."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.report.landmark_case import landmark_case_figures
from tfuq.report.landmark_figures import landmark_figures
from tfuq.report.landmark_strip import landmark_strip
from tfuq.report.page.images import landmark_views
from tfuq.report.page.predicted_rows import landmark_rows
from tfuq.report.scored import NamedFigures
from tfuq.report.strips import Example
from tfuq.report.tasks.base import REPORTS, Ratios, TaskReport


def _strips(
    config: Config,
    examples: dict[float, Example],
    ratios: Ratios,
    meaning: str,
) -> NamedFigures:
    yield "strip", landmark_strip(examples, config.data.landmarks, meaning)


REPORTS.register("landmarks")(
    TaskReport(
        figures=landmark_figures,
        rows=landmark_rows,
        view=landmark_views,
        strips=_strips,
        controls="landmark_controls.html.j2",
        plots=landmark_case_figures,
    )
)
