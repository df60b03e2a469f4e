"""The table of what a report shows of each task."""

from dataclasses import fields

import pytest

from tfuq.config import TASKS
from tfuq.report.tasks import REPORTS
from tfuq.report.tasks.base import TaskReport


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_a_report_that_is_whole(task):
    report = REPORTS[task]
    assert isinstance(report, TaskReport)
    assert all(callable(getattr(report, field.name)) for field in fields(report))
