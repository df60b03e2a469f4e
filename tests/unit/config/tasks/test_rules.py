"""The table of tasks."""

import dataclasses

import pytest

from tfuq.config.learning import LossConfig, TrainingConfig
from tfuq.config.tasks.rules import CROSS_ENTROPIES, TASKS
from tfuq.errors import ConfigError


def test_tasks_are_named_in_their_order_and_unknown_ones_refused():
    assert list(TASKS) == ["segmentation", "classification", "landmarks"]
    with pytest.raises(ConfigError, match="unknown task 'landmark'; did you mean 'landmarks'"):
        TASKS["landmark"]


@pytest.mark.parametrize("task", TASKS)
def test_losses_and_qualities_are_among_those_that_a_configuration_may_name(task):
    rules = TASKS[task]
    for loss in (*rules.losses, *CROSS_ENTROPIES):
        assert LossConfig(name=loss).name == loss
    assert TrainingConfig(monitor=rules.quality).monitor == rules.quality


def test_no_two_tasks_are_told_apart_by_one_column():
    assert len({TASKS[task].score for task in TASKS}) == len(TASKS)


def test_rules_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TASKS["segmentation"].quality = "accuracy"
