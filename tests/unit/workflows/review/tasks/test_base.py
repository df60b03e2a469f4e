"""What every task's review has."""

from __future__ import annotations

import pytest

from tfuq.config import TASKS
from tfuq.workflows.review.tasks.base import REVIEWED, PartPlace, Reviewed


def test_every_task_is_reviewed():
    assert set(REVIEWED) == set(TASKS)
    for name in TASKS:
        assert issubclass(REVIEWED[name], Reviewed)
        assert REVIEWED[name].quality.measures


def test_a_place_may_be_nowhere():
    assert PartPlace() == PartPlace(columns={}, words="")
    with pytest.raises(TypeError):
        Reviewed(None, None, None)
