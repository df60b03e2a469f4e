"""Work in several threads, with results in the items' order."""

import threading
import time

import pytest

from tfuq.data import parallel
from tfuq.data.parallel import core_count, in_order, worker_count


def test_results_come_in_the_order_of_the_items():
    def slow_where_early(item):
        time.sleep(0.02 if item % 2 else 0.0)
        return item**2

    results = in_order(slow_where_early, range(9), lambda result: 1)
    assert list(results) == [item**2 for item in range(9)]


def test_nothing_is_made_of_nothing():
    assert list(in_order(len, [], int)) == []


def test_the_first_item_goes_alone(monkeypatch):
    """Only it says how large a result is, and so how many fit into memory."""
    monkeypatch.setattr(parallel, "worker_count", lambda size: {7: 2}[size])
    begun = []
    results = in_order(lambda item: begun.append(item) or 7, range(5), int)
    next(results)
    assert begun == [0]


def test_several_items_are_worked_on_at_once(monkeypatch):
    monkeypatch.setattr(parallel, "worker_count", lambda size: 2)
    both = threading.Barrier(2)

    def meet(item):
        if item:
            both.wait(timeout=30)
        return item

    assert list(in_order(meet, range(3), int)) == [0, 1, 2]


def test_an_error_comes_in_the_place_of_its_item_and_ends_the_work():
    begun = []

    def fail_at_three(item):
        begun.append(item)
        if item == 3:
            raise ValueError("no")
        return item

    results = in_order(fail_at_three, range(1000), lambda result: 1)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="no"):
        next(results)
    assert len(begun) < 1000


@pytest.mark.parametrize(("free", "workers"), [(10**9, 6), (80, 1), (0, 1), (250, 3)])
def test_no_more_work_at_once_than_cores_and_memory_allow(monkeypatch, free, workers):
    monkeypatch.setattr(parallel, "core_count", lambda: 6)
    monkeypatch.setattr(parallel, "free_memory", lambda: free)
    assert worker_count(10) == workers


def test_there_is_a_core():
    assert core_count() >= 1
