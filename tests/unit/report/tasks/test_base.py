"""The table of what a report shows of each task."""

from dataclasses import fields
from importlib import resources

import pytest

from tfuq.config import TASKS
from tfuq.report.tasks import REPORTS
from tfuq.report.tasks.base import TaskReport


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_a_report_that_is_whole(task):
    report = REPORTS[task]
    assert isinstance(report, TaskReport)
    functions = {field.name for field in fields(report)} - {"controls", "plots"}
    assert all(callable(getattr(report, name)) for name in functions)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_controls_of_a_task_are_an_asset_of_the_page(task):
    name = REPORTS[task].controls
    assert name is None or resources.files("tfuq.report.page").joinpath(name).is_file()
