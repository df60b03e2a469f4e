"""Checks that ask the network: what it draws depends on no batch, and its samples differ."""

import numpy as np

from tests.support.findings import only, unsaid
from tfuq.workflows.doctor import examine
from tfuq.workflows.doctor.network import predictions_depend_on_the_batch, samples_are_the_same


def test_predictions_that_depend_on_the_batch():
    drawn = {"probability": np.zeros((2, 3), np.float32)}
    assert list(predictions_depend_on_the_batch(drawn, drawn)) == []
    other = {"probability": np.full((2, 3), 1e-7, np.float32)}
    assert "differ by up to 1e-07" in only(predictions_depend_on_the_batch(drawn, other), "batches")


def test_draws_that_do_not_differ(run):
    same = {"standard_deviation": np.zeros((1, 4)), "probability": np.ones((1, 4))}
    assert "two samples of hybrid are the same" in only(samples_are_the_same(run, same), "samples")
    landmarks = np.zeros((3, 2, 5, 3))
    only(samples_are_the_same(run, {"landmarks": landmarks}), "samples")
    landmarks[1, 1, 2, 0] = 0.1
    assert list(samples_are_the_same(run, {"landmarks": landmarks})) == []


def test_a_run_without_members_is_said_to_be_unchecked(run):
    assert "no member has finished" in only(examine(run, unsaid), "batches", "caution")
