"""Batches go through a sampler in turn, with one seed."""

import numpy as np
import pytest

from tests.support.drawn import GivenSamples
from tfuq.prediction.statistics import sample_in_batches
from tfuq.tasks.records import LandmarkStatistics


@pytest.mark.parametrize(
    ("batch", "sizes"), [(2, [2, 2, 1]), (5, [5]), (9, [5]), (1, [1, 1, 1, 1, 1])]
)
def test_batches_are_put_together_in_order(batch, sizes):
    examples = np.random.default_rng(0).normal(size=(5, 3, 1)).astype(np.float32)
    sampler = GivenSamples(lambda images, t: {"landmarks": images * t})
    found = sample_in_batches(sampler, LandmarkStatistics, examples, batch=batch, seed=7, samples=3)
    np.testing.assert_allclose(found.landmarks, 3 * examples, rtol=1e-6)
    assert sampler.asked == [((size, 3, 1), [7, 0], 3) for size in sizes]
