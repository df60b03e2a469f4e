"""The table of tasks that are served."""

from types import SimpleNamespace

import numpy as np

from tfuq.config import TASKS
from tfuq.serving.tasks import SERVED
from tfuq.serving.tasks.base import chosen, words_of_classes


def test_every_task_is_served():
    assert {task for task in TASKS if task in SERVED} == set(TASKS)


def test_the_probability_and_the_measures_that_are_asked_for_are_chosen():
    statistics = {name: np.zeros(1) for name in ("probability", "a", "b", "masks")}
    assert list(chosen(statistics, ("b", "a"))) == ["probability", "b", "a"]


def test_classes_are_named_in_the_order_of_the_axis():
    words = words_of_classes(SimpleNamespace(classes=["rest", "ball"]))
    assert "last axis of `probability`: rest, ball." in words
