"""Paired differences against enumerations of every sign, and a mark that its test does not speak against."""

import itertools

import numpy as np
import pytest
from scipy import stats

from tfuq.scoring.comparison import supported_best
from tfuq.scoring.paired import holm, paired_difference
from tfuq.scoring.walsh import hodges_lehmann, walsh_interval


def exact_p(differences):
    """Two-sided, over all 2^n signs of the ranks of the sizes."""
    ranks = stats.rankdata(np.abs(differences))
    sums = np.array(
        [
            sum(r for r, s in zip(ranks, signs, strict=True) if s)
            for signs in itertools.product((0, 1), repeat=len(ranks))
        ]
    )
    seen = ranks[differences > 0].sum()
    return min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))


@pytest.mark.parametrize(("n", "seed"), [(6, 0), (7, 1), (9, 2), (11, 3)])
def test_the_interval_is_what_the_exact_test_does_not_reject(n, seed):
    """A shift is within the interval where the test of the differences less that shift has p > 0.05."""
    differences = np.random.default_rng(seed).normal(0.3, 1, n)
    walsh = sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(differences, 2))
    assert hodges_lehmann(differences) == pytest.approx(np.median(walsh), abs=1e-12)
    between = [(a + b) / 2 for a, b in itertools.pairwise([walsh[0] - 1, *walsh, walsh[-1] + 1])]
    kept = [shift for shift in between if exact_p(differences - shift) > 0.05]
    low, high = walsh_interval(differences)
    assert between.index(kept[0]) == walsh.index(pytest.approx(low, abs=1e-12)) + 1
    assert between.index(kept[-1]) == walsh.index(pytest.approx(high, abs=1e-12))
    found = paired_difference(differences, np.zeros(n))
    assert found.p == pytest.approx(exact_p(differences))


def test_five_cases_have_no_interval():
    found = paired_difference(np.arange(5.0) + 3, np.arange(5.0))
    assert (found.estimate, found.low, found.high, found.sign) == (3.0, None, None, 0)
    alike = paired_difference(np.ones(9), np.ones(9) * 0.5)
    assert (alike.estimate, alike.low, alike.high) == (0.5, 0.5, 0.5)
    same = paired_difference(np.arange(9.0), np.arange(9.0))
    assert (same.estimate, same.p, same.sign) == (0.0, 1.0, 0)


def test_right_and_wrong_differ_by_shares():
    """Of 0 and 1 Walsh averages are 0 whatever the test says."""
    a = np.repeat([1.0, 1.0, 0.0, 0.0], [80, 15, 3, 2])
    b = np.repeat([1.0, 0.0, 1.0, 0.0], [80, 15, 3, 2])
    found = paired_difference(a, b)
    assert found.estimate == pytest.approx(0.12)
    assert found.p == pytest.approx(2 * sum(stats.binom.pmf(k, 18, 0.5) for k in range(4)))
    p, q = 16 / 102, 4 / 102
    half = 1.959964 * np.sqrt((p + q - (p - q) ** 2) / 102)
    assert (found.low, found.high) == pytest.approx((p - q - half, p - q + half), abs=1e-6)
    assert supported_best({"a": a, "b": b}, "higher") == "a"


def test_holm():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx(
        {"a": 0.03, "c": 0.06, "b": 0.06}
    )
    assert holm({"a": 0.9, "b": 0.7}) == pytest.approx({"b": 1.0, "a": 1.0})
