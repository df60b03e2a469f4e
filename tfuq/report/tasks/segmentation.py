"""Segmentation: what a report shows of it."""

from __future__ import annotations

from collections.abc import Sequence

from tfuq.config import Config
from tfuq.report.page.predicted_rows import volume_rows
from tfuq.report.page.source import Source
from tfuq.report.page.views import View
from tfuq.report.page.volumes import volume_view
from tfuq.report.scored import NamedFigures
from tfuq.report.segmentation import segmentation_figures
from tfuq.report.strips import Example, differences, volume_strip
from tfuq.report.tasks.base import REPORTS, Ratios, TaskReport
from tfuq.report.volume_case import volume_case_figures


def _view(sources: Sequence[Source], room: int) -> View:
    return lambda case_id: volume_view(sources, case_id, room)


def _strips(
    config: Config,
    examples: dict[float, Example],
    ratios: Ratios,
    meaning: str,
) -> NamedFigures:
    yield "strip", volume_strip(examples, len(config.data.classes), meaning)
    counts = [ratios[severity] for severity in examples]
    yield "difference", differences(examples, counts, meaning)


REPORTS.register("segmentation")(
    TaskReport(
        figures=segmentation_figures,
        rows=volume_rows,
        view=_view,
        strips=_strips,
        controls="volume_controls.html.j2",
        plots=volume_case_figures,
    )
)
