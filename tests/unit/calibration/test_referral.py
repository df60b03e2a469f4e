"""The rule of referral: its bound against closed forms, and its promise on synthetic populations."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tfuq.calibration.referral import check_delta, fit_referral, needed_cases, p_value
from tfuq.errors import DataError

ALPHA = 0.1
DELTA = 0.1
REPETITIONS = 1500


def test_cases_that_are_needed_without_a_bad_one():
    """n ≥ log δ / log(1 − α): 22, 29, 59 and 299 in tables of zero-failure tests."""
    assert needed_cases(0.1, 0.1) == 22
    assert needed_cases(0.1, 0.05) == 29
    assert needed_cases(0.05, 0.05) == 59
    assert needed_cases(0.01, 0.05) == 299
    assert 0.9**22 <= 0.1 < 0.9**21
    assert needed_cases(0.5, 0.25) == 2, "a whole number is not rounded up"


@pytest.mark.parametrize(("bad", "kept"), [(0, 22), (1, 38), (5, 100)])
def test_the_p_value_inverts_the_bound_of_clopper_and_pearson(bad, kept):
    """The upper bound of the share at 1 − δ is α where the p-value of α is δ."""
    upper = stats.beta.ppf(1 - DELTA, bad + 1, kept - bad)
    assert p_value(bad, kept, upper) == pytest.approx(DELTA)


@pytest.mark.parametrize("delta", [0.0, 1.0, -1.0, math.nan, math.inf])
def test_a_delta_that_is_none_is_refused(delta):
    with pytest.raises(DataError, match="not between 0 and 1"):
        check_delta(delta)


def test_too_few_cases_promise_nothing():
    rule = fit_referral(np.arange(21.0), np.zeros(21, bool), ALPHA, DELTA)
    assert (rule.outcome, rule.needed, rule.cases) == ("too few cases", 22, 21)
    assert rule.refers(0.0) is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_very_small_sets(count):
    rule = fit_referral(np.arange(float(count)), np.ones(count, bool), ALPHA, DELTA)
    assert rule.outcome == "too few cases"


@pytest.mark.parametrize("count", [22, 100, 1000])
def test_all_good_cases_are_kept_and_all_bad_ones_referred(count):
    uncertainty = np.random.default_rng(0).random(count)
    good = fit_referral(uncertainty, np.zeros(count, bool), ALPHA, DELTA)
    assert (good.outcome, good.kept, good.kept_bad) == ("keeps all", count, 0)
    assert good.refers(1e9) is False
    assert good.refers(math.inf) is True, "a case without a measure is referred"
    bad = fit_referral(uncertainty, np.ones(count, bool), ALPHA, DELTA)
    assert (bad.outcome, bad.kept) == ("refers all", 0)
    assert bad.refers(-1e9) is True


def test_a_threshold_by_hand():
    """60 good cases and 40 bad ones that are all less certain: 65 % with 5 bad are too many."""
    is_bad = np.arange(100) >= 60
    rule = fit_referral(np.arange(100.0), is_bad, ALPHA, DELTA)
    assert stats.binom.cdf(0, 60, 0.1) <= DELTA
    assert stats.binom.cdf(5, 65, 0.1) > DELTA
    assert (rule.outcome, rule.threshold, rule.kept, rule.kept_bad) == ("keeps some", 60.0, 60, 0)
    assert rule.refers(59.9) is False
    assert rule.refers(60.0) is True


def test_testing_ends_at_the_first_threshold_that_fails():
    """Bad cases at the certain end: later thresholds would pass by themselves, and are not tested."""
    is_bad = np.zeros(400, bool)
    is_bad[:20] = True
    assert p_value(20, 400, ALPHA) <= DELTA
    assert fit_referral(np.arange(400.0), is_bad, ALPHA, DELTA).outcome == "refers all"


def test_cases_without_a_measure_are_never_kept():
    uncertainty = np.concatenate([np.zeros(80), np.full(20, np.inf)])
    is_bad = np.arange(100) >= 80
    rule = fit_referral(uncertainty, is_bad, ALPHA, DELTA)
    assert (rule.outcome, rule.kept, rule.kept_bad) == ("keeps all", 80, 0)
    assert rule.refers(math.inf) is True


def uniform(rng, count):
    return rng.random(count)


def tied(rng, count):
    return rng.integers(0, 4, count) / 4


def two_values(rng, count):
    return (rng.random(count) < 0.4).astype(float)


POPULATIONS = {
    "rising": (uniform, lambda u: 0.3 * u),
    "just too bad": (uniform, lambda u: np.full(len(u), ALPHA + 1e-3)),
    "steep": (uniform, lambda u: np.where(u < 0.45, ALPHA, 0.5)),
    "falling": (uniform, lambda u: 0.25 * (1 - u)),
    "ties": (tied, lambda u: 0.05 + 0.2 * u),
    "two values, both too bad": (two_values, lambda u: ALPHA + 1e-3 + 0.2 * u),
    "up and down": (uniform, lambda u: np.where((20 * u).astype(int) % 2 == 0, 0.02, 0.19)),
}


def broken_promises(name, cases, rng):
    """Whether the share of bad cases among those kept of the population is above α, for each set."""
    draw, risk = POPULATIONS[name]
    population = np.sort(draw(rng, 100_000))
    shares = np.cumsum(risk(population)) / np.arange(1, len(population) + 1)
    broken = []
    for _ in range(REPETITIONS):
        uncertainty = draw(rng, cases)
        is_bad = rng.random(cases) < risk(uncertainty)
        rule = fit_referral(uncertainty, is_bad, ALPHA, DELTA)
        kept = 0
        if rule.outcome == "keeps all":
            kept = len(population)
        elif rule.threshold is not None:
            kept = int(np.searchsorted(population, rule.threshold, side="left"))
        broken.append(bool(kept) and shares[kept - 1] > ALPHA + 1e-4)
    return np.array(broken)


@pytest.mark.parametrize("cases", [22, 60])
@pytest.mark.parametrize("name", POPULATIONS)
def test_the_promise_is_broken_no_more_often_than_delta(name, cases):
    broken = broken_promises(name, cases, np.random.default_rng(cases))
    most = stats.binom.ppf(0.999, REPETITIONS, DELTA)
    assert broken.sum() <= most, f"{broken.mean():.3f}"


def test_the_promise_is_not_kept_by_referring_everything():
    """Of a population just too bad, all 22 are good in 0.899²² = 9.6 % of the sets."""
    broken = broken_promises("just too bad", 22, np.random.default_rng(1))
    expected = (1 - ALPHA - 1e-3) ** 22
    low, high = stats.binom.ppf([0.001, 0.999], REPETITIONS, expected)
    assert low <= broken.sum() <= high


def found(n, bad, alpha=0.2, delta=0.3):
    return fit_referral(np.arange(n) / n, np.isin(np.arange(n), bad), alpha, delta)


def test_rules_that_are_found_are_consistent():
    rng = np.random.default_rng(4)
    outcomes = set()
    for _ in range(300):
        n = int(rng.integers(1, 60))
        bad = np.flatnonzero(rng.random(n) < rng.uniform(0, 0.5) * np.arange(n) / n)
        rule = found(n, bad)
        assert rule.is_consistent(), rule
        outcomes.add(rule.outcome)
    assert outcomes == {"too few cases", "refers all", "keeps some", "keeps all"}


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": None},
        {"outcome": "keeps all"},
        {"outcome": "refers all"},
        {"kept": 99},
        {"kept": 1},
        {"kept_bad": 9},
        {"bad": 50},
        {"alpha": 0.01},
        {"delta": 0.01},
        {"needed": 3},
        {"cases": 4},
    ],
)
def test_a_rule_that_was_altered_is_not(changes):
    rule = found(40, range(30, 40))
    assert rule.outcome == "keeps some"
    assert rule.is_consistent()
    assert not replace(rule, **changes).is_consistent()
