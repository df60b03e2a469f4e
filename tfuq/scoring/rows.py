"""Rows of a table: dictionaries by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Row = dict[str, Any]  # text, numbers, or None


def column(rows: Iterable[Row], name: str) -> list[Any]:
    """The cells of a column, which every row has."""
    return [row[name] for row in rows]


def rows_with(rows: Iterable[Row], name: str) -> list[Row]:
    """The rows that have a value in a column."""
    return [row for row in rows if row.get(name) is not None]


def rows_of(rows: Iterable[Row], name: str, value: str) -> list[Row]:
    """The rows that have this value in a column."""
    return [row for row in rows if row[name] == value]


def grouped(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    """The rows by their value in a column, values in the order in which they first occur."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return groups


def distinct(rows: Iterable[Row], name: str) -> list[str]:
    """The values of a column, each once, in the order in which they first occur."""
    return list(dict.fromkeys(column(rows, name)))


def column_names(rows: Iterable[Row]) -> list[str]:
    """The columns that any row has, in the order in which they first occur."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row)
    return list(names)


def class_columns(prefix: str, classes: Iterable[str]) -> list[str]:
    """The names of the columns that a table has by class."""
    return [f"{prefix}_{name}" for name in classes]


def numbers_of(rows: Iterable[Row], name: str) -> np.ndarray:
    """A column of numbers, NaN where a row has none."""
    numbers = []
    for row in rows:
        value = row.get(name)
        if value is None:
            value = np.nan
        numbers.append(float(value))
    return np.array(numbers)


def mean_of(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are not None; None where all are."""
    present = [value for value in values if value is not None]
    if not present:
        return None
    return float(np.mean(present))


def mean_of_column(rows: Sequence[Row], name: str) -> float | None:
    """The mean of a column over the rows that have a value in it; None without any."""
    return mean_of(row.get(name) for row in rows)


def none_if_nan(value: float) -> float | None:
    """A number for a table, whose cell stays empty where it is NaN."""
    if np.isnan(value):
        return None
    return float(value)
