"""The protocol of tasks."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import settings
from tfuq.config import TASKS
from tfuq.data.cases import Case
from tfuq.data.sets.prepared import Examples
from tfuq.errors import ConfigError
from tfuq.tasks.base import NETWORK_TASKS, equal_weights, one_group

CHECKED = SimpleNamespace(require_channels=lambda case, channels: None)


def load(config, preprocessor, case):
    number = int(case.id)
    return Examples(np.full((number, 2), number), np.arange(number))


def test_every_task_of_a_configuration_has_a_network():
    assert set(NETWORK_TASKS) == set(TASKS)
    with pytest.raises(ConfigError, match="did you mean 'landmarks'"):
        NETWORK_TASKS["landmark"]


def test_examples_of_all_cases_are_one_batch_in_their_order(tmp_path):
    cases = [Case("2", ()), Case("1", ()), Case("3", ())]
    (group,) = one_group(load, settings(tmp_path), cases, CHECKED, None)
    np.testing.assert_array_equal(group.images[:, 0], [2, 2, 1, 3, 3, 3])
    np.testing.assert_array_equal(group.targets, [0, 1, 0, 0, 1, 2])


def test_no_case_is_no_group(tmp_path):
    assert one_group(load, settings(tmp_path), [], CHECKED, None) == []


def test_weights_of_terms_add_up_to_one_or_are_none():
    weights = equal_weights(tf.constant([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(weights, [[1 / 3, 0, 1 / 3, 1 / 3], [0, 0, 0, 0]])
