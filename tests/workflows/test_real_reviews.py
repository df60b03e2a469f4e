"""The promises of a review on stored predictions of images and a phantom, over 200 random halves.

The rule of referral is calibrated on one half. Its promise is about the population of cases, which
is the whole table here: of all its kept cases, at most α are bad, in 1 − δ of the partitions at
least. The estimate of the Dice is looked at on the other half. ``tests/data/README.md`` says how
the predictions were made.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import review_partitions
from benchmarks.review_partitions import (
    PARTITIONS,
    estimate_over_partitions,
    oracle_share,
    rule_over_partitions,
)
from scipy import stats

from tests.support.stored_reviews import METHODS, STORED_DELTA, STORED_REVIEWS, digits, structures

MOST_BROKEN = stats.binom.ppf(0.999, PARTITIONS, STORED_DELTA) / PARTITIONS


@pytest.mark.parametrize(
    "stored", STORED_REVIEWS, ids=lambda stored: f"{stored.name} {stored.alpha}"
)
def test_the_rule_keeps_its_promise(stored):
    found = rule_over_partitions(*stored.outcomes(), stored.alpha, STORED_DELTA)
    assert found.broken <= MOST_BROKEN
    assert found.oracle <= found.referred


def test_the_figures_of_stored_predictions_are_printed(monkeypatch, capsys):
    xrays = STORED_REVIEWS[3]
    monkeypatch.setattr(review_partitions, "STORED_REVIEWS", [xrays])
    review_partitions.print_stored_rules()
    found = rule_over_partitions(*xrays.outcomes(), xrays.alpha, STORED_DELTA)
    shares = [found.bad, found.broken, found.referred, found.oracle, found.random]
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("X-rays, 3.5 mm, α = 0.1")
    assert line.split()[-5:] == [f"{share:.3f}" for share in shares]


@pytest.mark.parametrize("alpha", [0.02, 0.05])
def test_the_rule_refers_less_than_one_that_knows_nothing(alpha):
    found = rule_over_partitions(*digits(), alpha, STORED_DELTA)
    assert found.referred < 0.5 * found.random


def test_the_oracle_refers_as_few_as_possible():
    assert oracle_share(np.array([True] * 3 + [False] * 7), 0.1) == pytest.approx(0.3)
    assert oracle_share(np.array([True] + [False] * 9), 0.1) == 0
    assert oracle_share(np.ones(4, bool), 0.1) == 1


@pytest.mark.parametrize("method", METHODS)
def test_the_estimate_of_the_hippocampus_beats_a_line_through_one_measure(method):
    """Calibrated on 20 volumes, looked at on 20; the measure is the best of the calibration half."""
    for measured, dice in structures("hippocampus", method):
        shares = estimate_over_partitions(measured, dice, 0.1, partitions=15)
        assert shares.error <= shares.single
        assert shares.pearson > 0.1
        assert 0.85 < shares.interval < 0.99
        assert shares.bound > 0.84
