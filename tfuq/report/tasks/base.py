"""What a report shows of a task, and the table of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfuq.config import Config
from tfuq.config.registry import Registry
from tfuq.report.page.predicted_rows import PredictedRows
from tfuq.report.page.source import Source
from tfuq.report.page.views import View
from tfuq.report.scored import NamedFigures, ScoredFolder
from tfuq.report.shown_case import ShownCase
from tfuq.report.strips import Example
from tfuq.runs.results import Manifest

Ratios = dict[float, list[int] | None]


@dataclass(frozen=True, kw_only=True)
class TaskReport:
    """What a report shows of a task.

    Attributes:
        figures: plots the figures of a scored predictions folder that the task alone has.
        rows: reads the measures of predictions that are not scored, from their folder, the
            configuration and the manifest.
        view: makes a function from a case's id to what the page's script shows of the case, with
            room for so many characters.
        strips: plots a case at rising severity, from the configuration, the case's arrays and the
            variation ratios of wrong voxels by severity, and the meaning of severity.
        plots: plots one case by several methods, as `tfuq plot` shows it; None where the figures of
            the scores are all there is.
        controls: the name of the page's asset with the controls of what is shown of a case, or
            None where there are none.
    """

    figures: Callable[[ScoredFolder], NamedFigures]
    rows: Callable[[Path, Config, Manifest], PredictedRows]
    view: Callable[[Sequence[Source], int], View]
    strips: Callable[[Config, dict[float, Example], Ratios, str], NamedFigures]
    controls: str | None
    plots: Callable[[ShownCase], NamedFigures] | None = None


REPORTS: Registry[TaskReport] = Registry("task of a report")
