"""Classification: what a report shows of it."""

from __future__ import annotations

from tfuq.config import Config
from tfuq.report.class_figures import classification_figures
from tfuq.report.page.images import class_views
from tfuq.report.page.predicted_rows import class_rows
from tfuq.report.scored import NamedFigures
from tfuq.report.strips import Example, class_strip
from tfuq.report.tasks.base import REPORTS, Ratios, TaskReport


def _strips(
    config: Config,
    examples: dict[float, Example],
    ratios: Ratios,
    meaning: str,
) -> NamedFigures:
    yield "strip", class_strip(examples, config.data.classes, meaning)


REPORTS.register("classification")(
    TaskReport(
        figures=classification_figures,
        rows=class_rows,
        view=class_views,
        strips=_strips,
        controls=None,
    )
)
