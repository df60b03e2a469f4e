"""Some of many, evenly from all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Choose at most so many items, evenly spaced from the first to the last, in their order.

    Args:
        items: Of which to choose.
        most: How many to choose, where there are as many.
    """
    positions = np.linspace(0, len(items) - 1, min(len(items), most)).round().astype(int)
    return [items[position] for position in positions]
