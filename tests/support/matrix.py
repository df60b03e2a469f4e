"""Rows of every method in 2D and 3D, of which a few are fast and stand for the others."""

from __future__ import annotations

import itertools
from collections.abc import Set

import pytest

from tfuq.config import METHODS

# Each source of randomness once.
_FAST = frozenset({("mc-dropout", 3), ("vi", 3)})


def rows_of_methods(fast: Set[tuple[str, int]] = _FAST) -> list:
    """Parameters (method, rank); those that are not ``fast`` are slow tests."""
    rows = []
    for row in itertools.product(METHODS, (2, 3)):
        marks = [] if row in fast else [pytest.mark.slow]
        rows.append(pytest.param(*row, marks=marks))
    return rows
