"""How long the stages of a prediction take."""

import time
import weakref

import numpy as np
import pytest

from tfuq.prediction.timing import timed, timed_items


def test_each_stage_has_its_own_seconds(monkeypatch):
    clock = iter([10.0, 12.5, 20.0, 20.25])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    seconds = {"read": 9.0}
    with timed(seconds, "read"):
        pass
    with timed(seconds, "write"):
        pass
    assert seconds == {"read": 2.5, "write": 0.25}


def test_a_stage_that_failed_has_none():
    seconds = {}
    with pytest.raises(ValueError, match="bad"), timed(seconds, "read"):
        raise ValueError("bad")
    assert seconds == {}


def test_only_the_making_of_items_is_timed(monkeypatch):
    clock = iter([1.0, 1.5, 7.0, 8.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    seconds = {"measures": 1.0}
    assert list(timed_items(["a"], seconds, "measures")) == ["a"]
    assert seconds == {"measures": 2.5}


def test_an_item_leaves_memory_before_the_next_is_made():
    present = []

    def items():
        earlier = None
        for _ in range(3):
            present.append(earlier is not None and earlier() is not None)
            array = np.zeros(1)
            earlier = weakref.ref(array)
            yield array
            del array

    for item in timed_items(items(), {}, "measures"):
        del item
    assert present == [False] * 3
