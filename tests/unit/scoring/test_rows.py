"""Rows of tables: cells that are empty or missing."""

import math

import numpy as np
import pytest

from tfuq.scoring.rows import (
    class_columns,
    column,
    column_names,
    distinct,
    grouped,
    mean_of,
    mean_of_column,
    none_if_nan,
    numbers_of,
    rows_of,
    rows_with,
)

ROWS = [{"case": "b", "x": 1.0}, {"case": "a", "x": None}, {"case": "b", "y": 4}]


def test_empty_and_missing_cells_have_no_value():
    assert rows_with(ROWS, "x") == [ROWS[0]]
    assert rows_with([{"x": 0}], "x") == [{"x": 0}]
    np.testing.assert_array_equal(numbers_of(ROWS, "x"), [1.0, np.nan, np.nan])
    assert numbers_of([], "x").shape == (0,)


def test_values_and_columns_are_in_the_order_of_their_first_row():
    assert distinct(ROWS, "case") == ["b", "a"]
    assert column_names(ROWS) == ["case", "x", "y"]
    assert rows_of(ROWS, "case", "b") == [ROWS[0], ROWS[2]]
    assert class_columns("probability", ["left lung", "0"]) == [
        "probability_left lung",
        "probability_0",
    ]


def test_a_column_that_a_row_lacks_is_no_column():
    with pytest.raises(KeyError):
        column(ROWS, "x")


def test_means_are_over_the_values_that_exist():
    assert mean_of([1.0, None, 4.0]) == 2.5
    assert mean_of([None, None]) is None
    assert mean_of([]) is None
    assert mean_of([0.0]) == 0.0
    assert mean_of_column([*ROWS, {"x": 4.0}], "x") == 2.5


@pytest.mark.parametrize(("value", "cell"), [(math.nan, None), (np.float32(0.5), 0.5), (0, 0.0)])
def test_nan_is_an_empty_cell(value, cell):
    assert none_if_nan(value) == cell


def test_rows_are_grouped_in_the_order_of_their_first_values():
    groups = grouped(ROWS, "case")
    assert list(groups) == distinct(ROWS, "case")
    assert groups == {name: rows_of(ROWS, "case", name) for name in groups}
