"""The mean of a measure over the parts of a case."""

from tfuq.calibration.observed import Part
from tfuq.workflows.query.tasks import QUERIED
from tfuq.workflows.query.tasks.base import mean_measure


def test_parts_that_count_and_have_it_are_taken():
    parts = [
        Part(name="a", measures={"x": 1.0}),
        Part(name="b", measures={"x": 4.0}),
        Part(name="c", measures={}),
        Part(name="region", measures={"x": 100.0}, counts=False),
    ]
    assert mean_measure(parts, "x") == 2.5
    assert mean_measure(parts, "y") == 0.0


def test_every_task_is_entered():
    assert sorted(QUERIED) == ["classification", "landmarks", "segmentation"]
