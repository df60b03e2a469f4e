"""Means of losses that are read late."""

import pytest

from tfuq.training.running_means import RunningMeans


class Unread:
    """A figure on a device, which notes when it is read."""

    def __init__(self, value: float, reads: list[float]) -> None:
        self.value = value
        self.reads = reads

    def __float__(self) -> float:
        self.reads.append(self.value)
        return self.value


@pytest.mark.parametrize("steps_ahead", [0, 2, 9])
def test_a_steps_figures_are_read_when_later_steps_are_on_their_way(steps_ahead):
    reads, told = [], []
    means = RunningMeans(steps_ahead, lambda step, figures: told.append((step, figures["loss"])))
    for step, loss in enumerate([2.0, 4.0, 9.0]):
        means.add({"loss": Unread(loss, reads)})
        assert len(reads) == max(step + 1 - steps_ahead, 0)
    assert means.finish() == {"loss": 5.0}
    assert reads == [2.0, 4.0, 9.0]
    assert told == [(0, 2.0), (1, 3.0), (2, 5.0)]
