"""What queries of the page may say."""

from __future__ import annotations

import pytest

from tfuq.config import TASKS
from tfuq.errors import DataError
from tfuq.workflows.view.tasks.base import VIEWED, chosen, whole_number


def test_every_task_has_a_page():
    assert set(VIEWED) == set(TASKS)


def test_numbers_are_whole_and_in_range():
    assert whole_number({"n": "3"}, "n", 3) == 3
    assert whole_number({}, "n", 3) == 0
    for text in ("4", "-1", "1.5", "", "a", "²", "9" * 5000):
        with pytest.raises(DataError, match="no whole number from 0 to 3"):
            whole_number({"n": text}, "n", 3)


def test_names_are_those_that_there_are():
    assert chosen({"layer": "scan"}, "layer", ["scan"]) == "scan"
    for query in ({}, {"layer": "other"}):
        with pytest.raises(DataError, match="there is no"):
            chosen(query, "layer", ["scan"])
