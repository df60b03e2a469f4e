"""What a training gathers on the way."""

import numpy as np

from tfuq.training.collecting import Collector
from tfuq.training.progress import Progress


def test_nothing_is_gathered_where_no_kind_says_so():
    collector = Collector()
    weights = {"kernel": np.ones(3)}
    collector.after_step(0, 2, lambda: weights)
    collector.after_epoch(Progress(epoch=1), weights)
    assert collector.arrays() == {}
    collector.restore({})
    assert collector.result(weights) is weights
