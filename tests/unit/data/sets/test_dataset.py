"""What training sets of every task share: statistics, members' examples, order."""

import numpy as np

from tests.conftest import settings
from tfuq.data.layouts import list_cases
from tfuq.data.sets.dataset import epoch_order
from tfuq.data.sets.segmentation import SegmentationSet


def test_bootstrap_and_share_choose_whole_cases(balls):
    cases = list_cases("decathlon", balls)
    for subset, count in (("bootstrap", 6), (0.5, 3)):
        config = settings(balls, ensemble={"subset": subset})
        rows = SegmentationSet(config, cases, None).member_rows(np.random.default_rng(1))
        assert len(rows) == count
    assert len(set(rows)) == 3


def test_epoch_order_sees_everything_before_anything_twice():
    order = epoch_order(list(range(5)), 12, np.random.default_rng(0))
    assert len(order) == 12
    assert sorted(order[:5]) == sorted(order[5:10]) == list(range(5))
