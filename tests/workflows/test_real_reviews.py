"""The promises of a review on stored predictions of real images, over 200 random halves.

The rule of referral is calibrated on one half. Its promise is about the population of cases, which
is the whole table here: of all its kept cases, at most α are bad, in 1 − δ of the partitions at
least. The estimate of the Dice is looked at on the other half. ``tests/data/README.md`` says how
the predictions were made.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.review_partitions import (
    PARTITIONS,
    estimate_over_partitions,
    oracle_share,
    rule_over_partitions,
)
from scipy import stats

DATA = Path(__file__).parents[1] / "data"
DELTA = 0.1
MOST_BROKEN = stats.binom.ppf(0.999, PARTITIONS, DELTA) / PARTITIONS


def table(name):
    with np.load(DATA / f"{name}.npz") as stored:
        return {key: stored[key] for key in stored.files}


def digits():
    """Predictive entropy and wrong classes, of 2,000 digits."""
    found = table("promises/digits")
    p = found["p"].astype(float)
    entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(1)
    return entropy, p.argmax(1) != found["truth"]


def xrays(limit):
    """Mean radial spread and error in mm, of 60 X-rays."""
    found = table("promises/xrays")
    return found["spreads"].mean(1), found["errors"].mean(1) >= limit


def hippocampus(limit):
    """Spread of the volume over samples, and mean Dice at probability ½, of 140 volumes."""
    found = table("promises/hippocampus")
    place = int(np.searchsorted(found["thresholds"], 0.5))
    missed = found["missed"][:, :, place].astype(float)
    excess = found["excess"][:, :, place].astype(float)
    dice = 2 * (1 - missed) / ((1 - missed) + excess + 1)
    spread = np.log((found["high"] + 1) / (found["low"] + 1)).mean(1)
    return spread, dice.mean(1) < limit


CASES = [
    pytest.param(digits, (), 0.02, id="digits-0.02"),
    pytest.param(digits, (), 0.05, id="digits-0.05"),
    pytest.param(digits, (), 0.1, id="digits"),
    pytest.param(xrays, (3.5,), 0.1, id="xrays-many-bad"),
    pytest.param(xrays, (3.9,), 0.1, id="xrays"),
    pytest.param(hippocampus, (0.69,), 0.1, id="hippocampus-few-bad"),
    pytest.param(hippocampus, (0.73,), 0.1, id="hippocampus"),
    pytest.param(hippocampus, (0.78,), 0.1, id="hippocampus-many-bad"),
]


@pytest.mark.parametrize(("make", "arguments", "alpha"), CASES)
def test_the_rule_keeps_its_promise(make, arguments, alpha):
    uncertainty, bad = make(*arguments)
    found = rule_over_partitions(uncertainty, bad, alpha, DELTA)
    assert found.broken <= MOST_BROKEN
    assert found.oracle <= found.referred


@pytest.mark.parametrize("alpha", [0.02, 0.05])
def test_the_rule_refers_less_than_one_that_knows_nothing(alpha):
    found = rule_over_partitions(*digits(), alpha, DELTA)
    assert found.referred < 0.5 * found.random


def test_the_oracle_refers_as_few_as_possible():
    assert oracle_share(np.array([True] * 3 + [False] * 7), 0.1) == pytest.approx(0.3)
    assert oracle_share(np.array([True] + [False] * 9), 0.1) == 0
    assert oracle_share(np.ones(4, bool), 0.1) == 1


@pytest.mark.parametrize("method", ["mc-dropout", "ensemble", "hybrid", "vi"])
def test_the_estimate_of_the_hippocampus_beats_a_line_through_one_measure(method):
    """Calibrated on 20 volumes, looked at on 20; the measure is the best of the calibration half."""
    found = table("reviews/hippocampus")
    names = found[f"{method}/names"].tolist()
    for structure in range(2):
        measures = found[f"{method}/measures"][:, structure].astype(float)
        measured = [dict(zip(names, row, strict=True)) for row in measures.tolist()]
        dice = found[f"{method}/dice"][:, structure].astype(float)
        shares = estimate_over_partitions(measured, dice, 0.1, partitions=15)
        assert shares.error <= shares.single
        assert shares.pearson > 0.1
        assert 0.85 < shares.interval < 0.99
        assert shares.bound > 0.84
