"""Some of many, evenly from all."""

import pytest

from tfuq.data.spread import evenly


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [
        (40, 3, [0, 20, 39]),
        (2, 8, [0, 1]),
        (8, 8, list(range(8))),
        (9, 8, [0, 1, 2, 3, 5, 6, 7, 8]),
        (5, 1, [0]),
        (0, 3, []),
    ],
)
def test_items_are_spread_over_all(count, most, chosen):
    assert evenly(range(count), most) == chosen
