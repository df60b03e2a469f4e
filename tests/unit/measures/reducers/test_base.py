"""The protocol of reducers, and the one that keeps the last sample."""

import numpy as np
import tensorflow as tf

from tests.support.reducing import reduce_all
from tfuq.measures.reducers.base import LastSample


def test_the_last_sample_is_kept_as_it_is():
    samples = np.random.default_rng(0).random((4, 2, 3, 5)).astype(np.float32)
    found = reduce_all(samples, [LastSample()])
    np.testing.assert_array_equal(found["sample"], samples[-1])


def test_a_loop_of_a_graph_takes_its_state():
    reducer = LastSample()
    state = reducer.initialize([tf.constant(2), tf.constant(3), 1], tf.constant(1))
    assert state.shape == (2, 3, 1)
    assert state.dtype == tf.float32
