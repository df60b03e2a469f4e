"""Random streams of a member's training."""

import numpy as np

from tfuq.data.streams import example_stream, order_stream, subset_stream


def test_streams_of_a_member_never_coincide():
    """Order of the epoch, its examples and the subset: the first numbers of each differ from all others'."""
    streams = [subset_stream(7)]
    for epoch in range(3):
        streams += [
            order_stream(7, epoch),
            *(example_stream(7, epoch, position) for position in range(20)),
        ]
    assert len({stream.integers(2**63) for stream in streams}) == len(streams)


def test_an_example_is_a_function_of_seed_epoch_and_position():
    one, two = (example_stream(7, 2, 5).random(4) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    expected = np.random.SeedSequence([7, 3]).spawn(6)[5]  # NumPy's own sixth child
    np.testing.assert_array_equal(one, np.random.default_rng(expected).random(4))


def test_the_first_example_is_not_drawn_as_the_order_is():
    """NumPy pads seeds with zeros, so that [s, 1] and [s, 1, 0] are one stream."""
    same = np.random.default_rng([7, 1, 0]).random()
    assert np.random.default_rng([7, 1]).random() == same
    assert order_stream(7, 0).random() == same
    assert example_stream(7, 0, 0).random() != same
