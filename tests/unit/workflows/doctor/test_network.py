"""Checks that ask the network: what it draws depends on no batch, and its samples differ."""

import numpy as np

from tests.support.findings import only
from tfuq.measures.catalogue import maps_of
from tfuq.tasks.records import ClassStatistics, LandmarkStatistics
from tfuq.workflows.doctor import examine
from tfuq.workflows.doctor.network import predictions_depend_on_the_batch, samples_are_the_same


def class_statistics(probability):
    """Statistics of samples that do not differ."""
    nothing = np.zeros(len(probability), np.float32)
    maps = dict.fromkeys(maps_of(2), nothing)
    return ClassStatistics(probability=probability, votes=probability, **maps)


def test_predictions_that_depend_on_the_batch():
    drawn = class_statistics(np.zeros((2, 3), np.float32))
    assert list(predictions_depend_on_the_batch(drawn, drawn)) == []
    other = class_statistics(np.full((2, 3), 1e-7, np.float32))
    assert "differ by up to 1e-07" in only(predictions_depend_on_the_batch(drawn, other), "batches")


def test_draws_that_do_not_differ(run):
    same = class_statistics(np.ones((1, 4)))
    assert "two samples of hybrid are the same" in only(samples_are_the_same(run, same), "samples")
    landmarks = np.zeros((3, 2, 5, 3))
    only(samples_are_the_same(run, LandmarkStatistics(landmarks=landmarks)), "samples")
    landmarks[1, 1, 2, 0] = 0.1
    assert list(samples_are_the_same(run, LandmarkStatistics(landmarks=landmarks))) == []


def test_a_run_without_members_is_said_to_be_unchecked(run):
    assert "no member has finished" in only(examine(run), "batches", "caution")
