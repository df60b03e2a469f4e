"""Rows of a table: dictionaries by column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]


def column(rows: Iterable[Row], name: str) -> list[Any]:
    """The cells of a column, which every row has."""
    return [row[name] for row in rows]


def rows_with(rows: Iterable[Row], name: str) -> list[Row]:
    """The rows that have a value in a column."""
    return [row for row in rows if row.get(name) is not None]


def rows_of(rows: Iterable[Row], name: str, value: str) -> list[Row]:
    """The rows that have this value in a column."""
    return [row for row in rows if row[name] == value]
