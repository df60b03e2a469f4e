"""Which method is the best, and whether a test supports it."""

import numpy as np
import pytest
from scipy import stats

from tfuq.scoring.comparison.best import differences_from_best, is_supported, supported_best
from tfuq.scoring.paired import PairedDifference


def difference(estimate, low, high, p):
    return PairedDifference(estimate=estimate, low=low, high=high, p=p)


@pytest.mark.parametrize(
    ("others", "better", "expected"),
    [
        ({}, "higher", False),
        ({"b": difference(-0.2, -0.3, -0.1, 0.01)}, "higher", True),
        ({"b": difference(-0.2, -0.3, -0.1, 0.01)}, "lower", False),
        ({"b": difference(-0.2, -0.3, -0.1, 0.05)}, "higher", False),
        ({"b": difference(-0.2, -0.3, 0.1, 0.01)}, "higher", False),
        ({"b": difference(-0.2, None, None, 0.01)}, "higher", False),
        ({"b": difference(0.2, 0.1, 0.3, 0.01)}, "nearer zero", True),
    ],
)
def test_a_best_needs_p_and_the_whole_interval_on_the_right_side(others, better, expected):
    assert is_supported(others, better) is expected


def test_one_method_that_is_not_worse_is_enough_to_support_nothing():
    worse = difference(-0.2, -0.3, -0.1, 0.01)
    alike = difference(-0.01, -0.1, 0.1, 0.9)
    assert not is_supported({"b": worse, "c": alike}, "higher")


def test_p_is_adjusted_over_the_methods_of_a_row():
    rng = np.random.default_rng(0)
    a = rng.random(12)
    columns = {"a": a, "b": a - rng.random(12) / 10, "c": a - rng.random(12) / 20}
    best, differences = differences_from_best(columns, "higher")
    raw = {name: stats.wilcoxon(columns[name], a).pvalue for name in "bc"}
    assert best == "a"
    assert max(raw.values()) == min(raw.values())  # of all twelve differences below zero
    assert {name: found.p for name, found in differences.items()} == pytest.approx(
        {name: 2 * p for name, p in raw.items()}
    )


def test_nothing_is_best_without_cases_or_orientation():
    assert differences_from_best({"a": np.ones(0), "b": np.ones(0)}, "higher") == (None, {})
    assert differences_from_best({"a": np.ones(9), "b": np.zeros(9)}, None) == (None, {})


def test_orientation_and_ties():
    x = np.linspace(1, 2, 12)
    assert supported_best({"a": x, "b": x + 1}, "lower") == "a"
    assert supported_best({"a": x, "b": x + 1}, "higher") == "b"
    assert supported_best({"a": x - 1.5, "b": x + 1}, "nearer zero") == "a"
    assert supported_best({"a": x, "b": x}, "lower") is None
    assert supported_best({"a": x, "b": x + 1}, None) is None
    assert (
        supported_best({"a": x[:3], "b": x[:3] + 1}, "lower") is None
    )  # three cases support nothing


def test_an_outlier_that_makes_the_mean_is_not_marked():
    """One failure of b gives a the better mean, and the test (p 0.0001) speaks for b: a was marked."""
    a = np.linspace(0.8, 0.9, 20)
    b = a + np.linspace(0.001, 0.002, 20)
    b[7] = 0.0
    best, apart = differences_from_best({"a": a, "b": b}, "higher")
    assert best == "a"
    assert a.mean() > b.mean()
    assert stats.wilcoxon(a, b).pvalue < 0.001
    assert apart["b"].estimate > 0
    assert apart["b"].low > 0
    assert supported_best({"a": a, "b": b}, "higher") is None


@pytest.mark.parametrize("seed", range(5))
def test_a_mark_test_and_interval_never_disagree(seed):
    rng = np.random.default_rng(seed)
    for better in ("higher", "lower", "nearer zero"):
        columns = {
            name: rng.standard_t(1.5, 12) + shift for name, shift in (("a", 0), ("b", 1), ("c", 4))
        }
        marked = supported_best(columns, better)
        if marked is None:
            continue
        sizes = {name: np.abs(c) if better == "nearer zero" else c for name, c in columns.items()}
        for name in columns.keys() - {marked}:
            gain = (
                sizes[name] - sizes[marked] if better != "higher" else sizes[marked] - sizes[name]
            )
            assert stats.wilcoxon(gain, alternative="greater").pvalue < 0.025
            assert gain.mean() > 0
            assert np.median(np.add.outer(gain, gain)[np.triu_indices(12)]) > 0
