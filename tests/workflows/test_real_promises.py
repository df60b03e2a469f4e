"""Every conformal promise on stored predictions of real images, over 200 random partitions into
calibration and test cases.

A random partition of a fixed set of cases is exchangeable whatever the network, so theory says
exactly what has to come out. With m calibration scores and no ties, coverage over n test cases
follows a beta-binomial law; a controlled risk is at most α in the mean. What is tested is therefore
the whole way from scores to sets, bounds, intervals and radii. ``tests/data/README.md`` says how
the predictions were made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tfuq.calibration import conformal, risk_control
from tfuq.scoring import coverage

TABLES = Path(__file__).parents[1] / "data" / "promises"
PARTITIONS = 200
ALPHAS = [0.05, 0.1, 0.2]
ERRORS = 4  # standard errors that a mean of 200 partitions may be off by
Held = Callable[[np.ndarray, np.ndarray], np.ndarray]


def table(name: str) -> dict[str, np.ndarray]:
    with np.load(TABLES / f"{name}.npz") as stored:
        return {key: stored[key] for key in stored.files}


def partitioned(cases: int, held: Held) -> np.ndarray:
    """What ``held(calibration, test)`` finds, in the mean over test cases, for each partition into
    halves."""
    rng = np.random.default_rng(2026)
    halves = [np.split(rng.permutation(cases), [cases // 2]) for _ in range(PARTITIONS)]
    return np.array([held(*half).mean() for half in halves])


def standard_error(found: np.ndarray) -> float:
    return float(found.std() / math.sqrt(len(found)))


def assert_covers_exactly(found: np.ndarray, cases: int, alpha: float) -> None:
    """Coverages follow the law of scores without ties: mean ⌈(m + 1)(1 − α)⌉ / (m + 1), and 95 % of
    them in its band."""
    calibration, test = cases // 2, cases - cases // 2
    rank = math.ceil((calibration + 1) * (1 - alpha) - 1e-9)
    mean = rank / (calibration + 1)
    assert found.mean() == pytest.approx(mean, abs=ERRORS * standard_error(found))
    low, high = coverage.coverage_band(calibration, test, alpha)
    inside = ((found >= low - 1e-9) & (found <= high + 1e-9)).mean()
    assert inside >= 0.95 - ERRORS * math.sqrt(0.95 * 0.05 / PARTITIONS)


def digit_coverages(rule: str, alpha: float, u: np.ndarray | float) -> np.ndarray:
    digits = table("digits")
    p, truth = digits["p"], digits["truth"].astype(int)
    shares = np.broadcast_to(u, len(p))
    scores = conformal.class_scores(p, rule, shares)[np.arange(len(p)), truth]

    def held(calibration, test):
        quantile = conformal.conformal_quantile(scores[calibration], alpha)
        sets = conformal.prediction_sets(p[test], rule, quantile, shares[test])
        return sets[np.arange(len(test)), truth[test]]

    return partitioned(len(p), held)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("rule", conformal.SET_RULES)
def test_sets_cover_exactly(rule, alpha):
    """With a random share of the class itself, which APS and RAPS need in order to have no ties."""
    u = np.random.default_rng(0).random(len(table("digits")["p"]))
    assert_covers_exactly(digit_coverages(rule, alpha, u), len(u), alpha)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("rule", conformal.SET_RULES)
def test_sets_as_they_are_predicted_cover_at_least(rule, alpha):
    """The likeliest class is always in a set of APS and RAPS: their scores tie at 0, and coverage
    can only rise."""
    found = digit_coverages(rule, alpha, 0.0)
    assert found.mean() >= 1 - alpha - ERRORS * standard_error(found)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("structure", [0, 1])
def test_volume_intervals_cover_exactly(structure, alpha):
    of = table("hippocampus")
    true, low, high = (of[name][:, structure].astype(float) for name in ("true", "low", "high"))
    voxel = of["voxel"].astype(float)
    scores = conformal.volume_scores(true, low, high, voxel)

    def held(calibration, test):
        # A score is a difference of logarithms: its own case lies on the interval's end, to the
        # last digits.
        quantile = conformal.conformal_quantile(scores[calibration], alpha) + 1e-12
        intervals = [conformal.volume_interval(low[k], high[k], voxel[k], quantile) for k in test]
        least, most = np.array(intervals).T
        return (least <= true[test]) & (true[test] <= most)

    assert_covers_exactly(partitioned(len(true), held), len(true), alpha)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_radii_cover_exactly(alpha):
    xrays = table("xrays")
    errors, scales = xrays["errors"].astype(float), landmark_scales(xrays["spreads"])
    for landmark in range(errors.shape[1]):
        scores = errors[:, landmark] / scales[:, landmark]

        def held(calibration, test, landmark=landmark, scores=scores):
            quantile = conformal.conformal_quantile(scores[calibration], alpha)
            return errors[test, landmark] <= quantile * scales[test, landmark]

        assert_covers_exactly(partitioned(len(errors), held), len(errors), alpha)


def landmark_scales(spreads: np.ndarray) -> np.ndarray:
    rows = [{"x_mm": 0.0, "mean_radial_spread_mm": float(spread)} for spread in spreads.ravel()]
    return np.reshape([conformal.landmark_scale(row) for row in rows], spreads.shape)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("structure", [0, 1])
@pytest.mark.parametrize(("side", "name"), [("upper", "missed"), ("lower", "excess")])
def test_bounds_control_their_risk(side, name, structure, alpha):
    """At most α in the mean, and not by saying nothing: with losses in 0…1, risk control gives away
    2 / (m + 1) at most, and a little where thresholds lie apart (Angelopoulos et al. 2022).
    """
    of = table("hippocampus")
    remedy = "make the tables again, see tests/data/README.md"
    np.testing.assert_array_equal(of["thresholds"], risk_control.THRESHOLDS, remedy)
    missed, excess = (of[kind][:, structure].astype(float) for kind in ("missed", "excess"))
    losses = {"missed": missed, "excess": excess}[name]

    def held(calibration, test):
        found = risk_control.bounding_thresholds(missed[calibration], excess[calibration], alpha)
        place = int(np.searchsorted(risk_control.THRESHOLDS, np.float32(found[side])))
        return losses[test, place]

    risks = partitioned(len(losses), held)
    assert risks.mean() <= alpha + ERRORS * standard_error(risks)
    calibration = len(losses) // 2
    assert risks.mean() >= alpha - 2 / (calibration + 1) - 0.01
