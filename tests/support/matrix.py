"""Rows of every method in 2D and 3D, of which a few are fast and stand for the others."""

from __future__ import annotations

import itertools

import pytest

from tfuq.config import METHODS

# Each source of randomness once; an ensemble's members are in the hybrid.
_FAST = {
    ("mc-dropout", 3),
    ("vi", 3),
}


def rows_of_methods() -> list:
    """Parameters (method, rank)."""
    rows = []
    for row in itertools.product(METHODS, (2, 3)):
        marks = [] if row in _FAST else [pytest.mark.slow]
        rows.append(pytest.param(*row, marks=marks))
    return rows
