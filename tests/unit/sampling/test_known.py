"""Sizes and conditions that may be known while a graph is made."""

import pytest
import tensorflow as tf

from tfuq.sampling.known import choose, size_of


def test_a_size_is_a_number_where_the_graph_knows_it():
    sizes = []

    @tf.function(input_signature=[tf.TensorSpec([None, 3])], autograph=False)
    def sized(x):
        sizes.extend(size_of(x, axis) for axis in range(2))
        return sizes[0]

    assert int(sized(tf.zeros([5, 3]))) == 5
    assert tf.is_tensor(sizes[0])
    assert sizes[1] == 3


@pytest.mark.parametrize("condition", [True, False])
def test_the_branch_of_a_known_condition_alone_is_made(condition):
    made = []
    branches = [lambda: made.append(True) or 1, lambda: made.append(False) or 2]
    assert choose(condition, *branches) == {True: 1, False: 2}[condition]
    assert made == [condition]


@pytest.mark.parametrize("value", [1, -1])
def test_another_condition_is_decided_in_the_graph(value):
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)], autograph=False)
    def chosen(x):
        return choose(x > 0, lambda: x, lambda: 10 * x)

    expected = {1: 1, -1: -10}[value]
    assert int(chosen(tf.constant(value))) == expected
