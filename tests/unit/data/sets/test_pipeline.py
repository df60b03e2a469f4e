"""Training examples as tf.data: batches, order, streams."""

import copy

import numpy as np

from tests.conftest import settings
from tfuq.data.layouts import list_cases
from tfuq.data.sets.pipeline import epoch_dataset
from tfuq.data.sets.segmentation import SegmentationSet


def test_first_example_of_an_epoch_does_not_follow_the_order(balls, monkeypatch):
    """Every stream that an epoch's examples are drawn from is another than that of its order."""
    config = settings(balls)
    training = SegmentationSet(config, list_cases("decathlon", balls), None)
    first, honest = [], training.example

    def example(row, rng):
        first.append(copy.deepcopy(rng).integers(2**63))
        return honest(row, rng)

    monkeypatch.setattr(training, "example", example)
    list(epoch_dataset(training, list(range(6)), batch=2, steps=3, seed=5, epoch=0))
    assert np.random.default_rng([5, 1]).integers(2**63) not in first
    assert len(set(first)) == 6
