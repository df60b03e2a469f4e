"""What the page's script shows of a case is asked for by the case's id."""

import typing

import pytest

from tests.support.score_requests import request_of
from tfuq.report.page import views
from tfuq.report.page.content import as_json
from tfuq.report.page.sources import read_sources
from tfuq.report.tasks import REPORTS


@pytest.mark.parametrize("task", ["segmentation", "classification", "landmarks"])
def test_a_view_gives_what_json_can_hold(task, scored_tasks):
    (taken,), given = typing.get_args(views.View)
    view = REPORTS[task].view(read_sources(scored_tasks[task]), 100_000)
    case = next(iter(request_of(scored_tasks[task][0]).manifest.cases))
    assert isinstance(case, taken)
    assert isinstance(view(case), typing.get_origin(given))
    assert "methods" in as_json(view(case))
