"""Walsh averages, against all of them and against tables of the signed-rank test."""

import itertools

import numpy as np
import pytest
from scipy import stats

from tfuq.scoring.walsh import hodges_lehmann, normal_quantile, walsh_interval


def test_the_estimate_is_the_median_of_all_pairs():
    assert hodges_lehmann(np.array([1.0, 5.0])) == 3.0
    assert hodges_lehmann(np.array([1.0, 2.0, 9.0])) == pytest.approx(3.5)  # 1 1.5 2 5 5.5 9
    assert hodges_lehmann(np.array([4.0])) == 4.0


@pytest.mark.parametrize(("n", "cut"), [(6, 0), (7, 2), (8, 3), (10, 8), (15, 25), (20, 52)])
def test_the_interval_leaves_out_what_the_table_of_critical_values_says(n, cut):
    """Critical values of Wilcoxon's signed-rank test, two-sided at 0.05, as textbooks list them."""
    differences = np.random.default_rng(n).normal(size=n)
    pairs = itertools.combinations_with_replacement(differences, 2)
    averages = sorted((a + b) / 2 for a, b in pairs)
    assert walsh_interval(differences) == pytest.approx((averages[cut], averages[-1 - cut]))


def test_five_differences_have_no_interval():
    assert walsh_interval(np.arange(5.0)) == (None, None)


def test_ties_and_one_value():
    assert walsh_interval(np.full(9, 0.25)) == (0.25, 0.25)
    assert hodges_lehmann(np.full(9, 0.25)) == 0.25
    assert normal_quantile() == pytest.approx(1.959963984540054)


@pytest.mark.parametrize("n", [60, 201, 500])
def test_many_differences(n):
    differences = np.random.default_rng(n).normal(0.1, 1, n)
    walsh = np.sort(np.add.outer(differences, differences)[np.triu_indices(n)] / 2)
    assert hodges_lehmann(differences) == pytest.approx(np.median(walsh), abs=1e-12)
    low, high = walsh_interval(differences)
    assert low in walsh
    assert walsh[np.searchsorted(walsh, low)] - low == 0
    for end, side in (
        (low, "less"),
        (high, "greater"),
    ):  # at its ends the test rejects by about a half of 0.05
        assert stats.wilcoxon(differences - end, alternative=side).pvalue > 0.9
    assert stats.wilcoxon(differences - low).pvalue == pytest.approx(0.05, abs=0.004)
    assert stats.wilcoxon(differences - high).pvalue == pytest.approx(0.05, abs=0.004)


def test_intervals_hold_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = [
        low < 0.5 < high
        for low, high in (walsh_interval(0.5 + rng.standard_t(3, 15)) for _ in range(800))
    ]
    assert np.mean(held) == pytest.approx(
        0.952, abs=0.023
    )  # the exact confidence at n = 15, three standard errors
