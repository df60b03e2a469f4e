"""Intervals over resampled cases, against the laws that they follow."""

import numpy as np
import pytest
from scipy import stats

from tfuq.scoring import bootstrap
from tfuq.scoring.bootstrap import (
    bootstrap_values,
    bounds,
    cluster_interval,
    percentile_interval,
    share_with_interval,
)


def test_items_of_a_case_are_drawn_together_and_by_the_seed():
    cases = np.array(["b", "a", "b", "c"])
    times = bootstrap_values(lambda times: times, cases, seed=4, draws=20)
    np.testing.assert_array_equal(times[:, 0], times[:, 2])
    np.testing.assert_array_equal(times[:, [0, 1, 3]].sum(1), np.full(20, 3))
    again = np.random.default_rng(4).integers(0, 3, (20, 3))
    np.testing.assert_array_equal(times[:, 1], (again == 0).sum(1))
    np.testing.assert_array_equal(times[:, 3], (again == 2).sum(1))


def test_samples_are_the_same_whatever_is_worked_on_at_once(monkeypatch):
    """Those that are kept for other measures, and those that are drawn part by part."""
    cases = np.arange(7)
    kept = bootstrap_values(lambda times: times, cases, seed=1, draws=50)
    monkeypatch.setattr(bootstrap, "_MOST_KEPT", 10)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 7 * 9)
    drawn = bootstrap_values(lambda times: times, cases, seed=1, draws=50)
    np.testing.assert_array_equal(drawn, kept)
    chosen = np.random.default_rng(1).integers(0, 7, (50, 7))
    np.testing.assert_array_equal(drawn, [np.bincount(row, minlength=7) for row in chosen])


def test_equal_samples_have_their_value_computed_once():
    """Two cases have three different samples; their values are those of a thousand samples."""
    values = np.array([3.0, 4.0, 8.0])
    cases = np.array([0, 0, 1])
    rows = []

    def mean(times):
        rows.extend(times.tolist())
        return times @ values / times.sum(1)

    means = bootstrap_values(mean, cases, seed=2)
    assert sorted(rows) == [[0, 0, 2], [1, 1, 1], [2, 2, 0]]
    chosen = np.random.default_rng(2).integers(0, 2, (1000, 2))
    expected = {0: 3.5, 1: 5.0, 2: 8.0}
    np.testing.assert_allclose(means, [expected[int(row.sum())] for row in chosen])


def test_an_interval_needs_half_of_the_values():
    values = np.array([1.0, 2.0, 3.0, np.nan, np.nan, np.nan])
    assert percentile_interval(values) == pytest.approx([1.05, 2.95])
    assert percentile_interval(np.append(values, np.nan)) is None


def test_bounds_of_no_interval_are_empty_cells():
    assert bounds(None, "x_") == {"x_lower": None, "x_upper": None}
    assert bounds([1.0, 2.0]) == {"lower": 1.0, "upper": 2.0}


def test_intervals_hold_for_items_of_one_case_that_are_alike():
    """Ten items of a case that share all but a little: the interval as if they were 200 holds in half of the trials."""
    held = {"cases": [], "items": []}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.normal(size=20), 10) + 0.3 * rng.normal(size=200)
        for name, cases in (("cases", np.repeat(np.arange(20), 10)), ("items", np.arange(200))):
            low, high = cluster_interval(
                lambda t, v=values: t @ v / t.sum(1), cases, seed=seed, draws=300
            )
            held[name].append(low < 0 < high)
    assert np.mean(held["cases"]) > 0.87  # percentile intervals of 20 cases are a little narrow
    assert np.mean(held["items"]) < 0.65


def test_shares():
    held = np.arange(40) < 6
    alone = share_with_interval(held, np.arange(40))
    assert (alone["share"], alone["n"], alone["cases"]) == (0.15, 40, 40)
    assert (alone["lower"], alone["upper"]) == pytest.approx(
        stats.binomtest(6, 40).proportion_ci(), abs=1e-12
    )
    nested = share_with_interval(held, np.repeat(np.arange(10), 4))
    assert nested["upper"] > alone["upper"]
    none = share_with_interval(np.zeros(40, bool), np.repeat(np.arange(10), 4))
    assert (none["lower"], none["upper"]) == pytest.approx(
        (0, 1 - 0.025 ** (1 / 10))
    )  # that of ten cases, not of forty


def test_undefined_samples_and_one_case_have_no_interval():
    assert cluster_interval(lambda times: np.full(len(times), np.nan), np.arange(9)) is None
    assert cluster_interval(lambda times: times.sum(1), np.zeros(9)) is None
    assert bootstrap_values(lambda times: times.sum(1), np.arange(9), draws=7).tolist() == [9] * 7
