"""The table of tasks that are served."""

import numpy as np

from tfuq.config import TASKS
from tfuq.serving.tasks import SERVED
from tfuq.serving.tasks.base import chosen


def test_every_task_is_served():
    assert {task for task in TASKS if task in SERVED} == set(TASKS)


def test_the_probability_and_the_measures_that_are_asked_for_are_chosen():
    statistics = {name: np.zeros(1) for name in ("probability", "a", "b", "masks")}
    assert list(chosen(statistics, ("b", "a"))) == ["probability", "b", "a"]
