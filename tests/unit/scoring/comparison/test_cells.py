"""Cells of a comparison: cases that every method has, means and deviations."""

import math
import statistics

import numpy as np
import pytest

from tfuq.scoring.comparison.cells import cells_of


def test_a_case_counts_only_where_every_method_has_the_score():
    cells = cells_of({"a": [0.5, 0.7, None, 0.9], "b": [0.1, None, 0.3, 0.2]}, "higher")
    assert cells["a"].mean == pytest.approx(0.7)
    assert cells["a"].std == pytest.approx(statistics.stdev([0.5, 0.9]))
    assert cells["b"].mean == pytest.approx(0.15)
    assert cells["b"].difference.estimate == pytest.approx(-0.55)  # of −0.4 and −0.7
    assert cells["a"].difference is None


def test_one_case_has_no_deviation_and_none_has_no_mean():
    one = cells_of({"a": [0.5, None], "b": [0.1, 0.2]}, "higher")
    assert (one["a"].mean, one["a"].std) == (0.5, None)
    nothing = cells_of({"a": [None, 0.5], "b": [0.1, None]}, "higher")
    assert math.isnan(nothing["a"].mean)
    assert not any(cell.is_best or cell.difference for cell in nothing.values())


@pytest.mark.parametrize(("better", "best"), [("higher", "b"), ("lower", "a"), (None, None)])
def test_the_best_is_marked_by_the_orientation(better, best):
    values = np.linspace(0.1, 0.5, 12)
    cells = cells_of({"a": values.tolist(), "b": (values + 0.1).tolist()}, better)
    assert [name for name, cell in cells.items() if cell.is_best] == [best] * (best is not None)


def test_a_method_is_not_the_best_for_missing_what_is_hard():
    # It finds the structure in the easy cases alone, where it is a little nearer.
    thorough = [3.0 + 0.1 * case for case in range(9)] + [30.0, 40.0, 50.0]
    careless = [2.0 + 0.1 * case for case in range(9)] + [None, None, None]
    cells = cells_of({"thorough": thorough, "careless": careless}, "lower")
    assert [cell.cases for cell in cells.values()] == [9, 9]
    assert cells["careless"].mean == pytest.approx(2.4)
    assert not any(cell.is_best for cell in cells.values())
    alike = cells_of({"thorough": thorough[:9], "careless": careless[:9]}, "lower")
    assert alike["careless"].is_best
