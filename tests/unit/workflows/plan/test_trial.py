"""Trials in a process of their own."""

import pytest

from tests.conftest import task_settings
from tfuq.errors import DataError
from tfuq.workflows.plan import trial as module
from tfuq.workflows.plan.trial import Trial, attempt


def _be_killed(text, sender):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def _be_faulty(text, sender):
    raise SystemExit(3)


@pytest.mark.slow
def test_a_few_cases_are_tried(digits):
    config = task_settings("classification", digits)
    ids = [f"train-{number:05d}" for number in range(4)]
    assert isinstance(attempt(config, ids, ["train-00005"]), Trial)


@pytest.mark.slow
def test_what_training_refuses_is_refused_here(digits):
    config = task_settings("classification", digits)
    with pytest.raises(DataError, match="no-such-case"):
        attempt(config, ["no-such-case"], [])


def test_a_killed_trial_had_not_memory_enough(digits, monkeypatch):
    monkeypatch.setattr(module, "_serve", _be_killed)
    assert attempt(task_settings("classification", digits), ["a"], []) is None


def test_a_fault_is_no_want_of_memory(digits, monkeypatch):
    monkeypatch.setattr(module, "_serve", _be_faulty)
    with pytest.raises(RuntimeError, match="ended with the code 3"):
        attempt(task_settings("classification", digits), ["a"], [])
