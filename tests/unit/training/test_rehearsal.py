"""How long a training takes, from a few of its steps."""

import pytest

from tfuq.training import rehearsal
from tfuq.training.rehearsal import TIMED_STEPS, rehearsed


def test_the_first_step_and_validation_are_apart_from_the_others(monkeypatch):
    """A clock by which every call takes its own time."""
    clock = [0.0]
    monkeypatch.setattr(rehearsal.time, "monotonic", lambda: clock[0])
    steps = iter([100.0, 1.0, 2.0, 3.0, 6.0])
    validations = iter([50.0, 7.0])

    def step():
        clock[0] += next(steps)

    def validate():
        clock[0] += next(validations)

    assert TIMED_STEPS == 4
    assert rehearsed(step, validate) == {
        "build": pytest.approx(150.0),
        "step": pytest.approx(3.0),
        "validation": pytest.approx(7.0),
    }
