"""Training examples as tf.data: batches, order, streams."""

import copy
import threading
from collections import Counter

import numpy as np
import pytest

from tests.conftest import settings, task_settings
from tfuq.data import streams
from tfuq.data.layouts import cases_of, list_cases
from tfuq.data.sets.classification import ClassificationSet
from tfuq.data.sets.dataset import epoch_order
from tfuq.data.sets.pipeline import training_dataset
from tfuq.data.sets.segmentation import SegmentationSet
from tfuq.data.streams import example_stream, order_stream


def test_first_example_of_an_epoch_does_not_follow_the_order(balls, monkeypatch):
    """Every stream that an epoch's examples are drawn from is another than that of its order."""
    config = settings(balls)
    training = SegmentationSet(config, list_cases("decathlon", balls), None)
    first, honest = [], training.example

    def example(row, rng):
        first.append(copy.deepcopy(rng).integers(2**63))
        return honest(row, rng)

    monkeypatch.setattr(training, "example", example)
    list(training_dataset(training, list(range(6)), batch=2, steps=3, seed=5, epochs=range(1)))
    assert np.random.default_rng([5, 1]).integers(2**63) not in first
    assert len(set(first)) == 6


def test_batches_hold_the_examples_of_each_epochs_order(balls):
    """Each example is that of its own stream, whatever batch it is in and wherever one begins."""
    training = SegmentationSet(settings(balls), list_cases("decathlon", balls), None)
    expected = []
    for epoch in (1, 2):
        order = epoch_order([0, 2, 5], 6, order_stream(5, epoch))
        for position, row in enumerate(order):
            expected.append(training.example(int(row), example_stream(5, epoch, position)))
    for batch, steps in ((2, 3), (3, 2)):
        batches = training_dataset(
            training, [0, 2, 5], batch=batch, steps=steps, seed=5, epochs=range(1, 3)
        )
        images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        assert images.shape == (12, 16, 16, 16, 1)
        for position, (image, label) in enumerate(expected):
            np.testing.assert_array_equal(images[position], image)
            np.testing.assert_array_equal(labels[position], label)


def test_more_cores_make_the_same_batches(balls, monkeypatch):
    training = SegmentationSet(settings(balls), list_cases("decathlon", balls), None)
    found = []
    for cores in (1, 6):
        monkeypatch.setattr("tfuq.data.parallel.core_count", lambda cores=cores: cores)
        batches = training_dataset(
            training, list(range(6)), batch=2, steps=4, seed=5, epochs=range(2)
        )
        found.append(np.concatenate([images for images, _ in batches]))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_example_of_an_epoch_is_made_by_one_worker(balls, workers):
    """The shares that workers make join to the batches that one process makes."""
    training = SegmentationSet(settings(balls), list_cases("decathlon", balls), None)
    rows = list(range(6))
    order = {"batch": 4, "steps": 3, "seed": 5, "epochs": range(2)}
    whole = list(training_dataset(training, rows, **order).as_numpy_iterator())
    made = []
    honest = training.example
    training.example = lambda row, rng: made.append(row) or honest(row, rng)
    parts = []
    for worker in range(workers):
        share = range(4)[worker * 4 // workers : (worker + 1) * 4 // workers]
        parts.append(training_dataset(training, rows, **order, share=share).as_numpy_iterator())
    for batch, shares in zip(whole, zip(*parts, strict=True), strict=True):
        for index in range(2):
            joined = np.concatenate([share[index] for share in shares])
            np.testing.assert_array_equal(joined, batch[index])
    # Each worker also made the first example of its own, to learn the shapes.
    assert len(made) == 2 * 12 + workers
    assert Counter(made) - Counter([made[0]] * workers) == Counter(rows * 4)


def test_an_epochs_first_batch_is_made_before_it_is_asked_for(balls, monkeypatch):
    training = SegmentationSet(settings(balls), list_cases("decathlon", balls), None)
    second_epoch = threading.Event()
    honest = streams.example_stream

    def stream(seed, epoch, position):
        if epoch == 1:
            second_epoch.set()
        return honest(seed, epoch, position)

    monkeypatch.setattr("tfuq.data.sets.pipeline.example_stream", stream)
    batches = iter(training_dataset(training, [0, 1], batch=2, steps=1, seed=5, epochs=range(2)))
    next(batches)
    assert second_epoch.wait(timeout=30)


def test_shapes_and_types_are_known_before_the_first_batch(digits):
    config = task_settings("classification", digits)
    training = ClassificationSet(config, cases_of(config.data)[:3], None)
    dataset = training_dataset(training, [0, 1], batch=4, steps=1, seed=0, epochs=range(1))
    images, targets = dataset.element_spec
    assert images.shape.as_list() == [4, 28, 28, 1]
    assert targets.shape.as_list() == [4]
    assert targets.dtype.name == "int32"
