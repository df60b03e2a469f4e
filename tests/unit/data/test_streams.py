"""Random streams of a member's training."""

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
