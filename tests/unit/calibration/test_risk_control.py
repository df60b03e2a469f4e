"""Conformal risk control of a structure."""

import math

import numpy as np
import pytest

from tests.support import references_scores as slow
from tfuq.calibration import conformal, risk_control
from tfuq.errors import DataError

PARTITIONS, CALIBRATION, TEST, ALPHA = 300, 99, 150, 0.1


def test_losses_and_thresholds():
    rng = np.random.default_rng(3)
    truth = rng.random((12, 60)) < 0.4
    p = np.clip(0.5 * truth + rng.random((12, 60)) * 0.6, 0, 1).astype(np.float32)
    truth[4] = False
    missed = np.array([risk_control.missed_shares(*pair) for pair in zip(p, truth, strict=True)])
    excess = np.array([risk_control.excess_shares(*pair) for pair in zip(p, truth, strict=True)])
    for k in range(0, len(risk_control.THRESHOLDS), 37):
        threshold = risk_control.THRESHOLDS[k]
        assert missed[:, k] == pytest.approx(
            [slow.missed_share(*pair, threshold) for pair in zip(p, truth, strict=True)]
        )
        assert excess[:, k] == pytest.approx(
            [slow.excess_share(*pair, threshold) for pair in zip(p, truth, strict=True)]
        )
    found = risk_control.bounding_thresholds(missed, excess, 0.2)
    controlled = [(12 * m + 1) / 13 <= 0.2 for m in missed.mean(0)]
    assert found["upper"] == max(
        t for t, holds in zip(risk_control.THRESHOLDS, controlled, strict=True) if holds
    )
    assert found["lower"] >= found["upper"]
    least = list(risk_control.THRESHOLDS).index(np.float32(found["lower"]))
    assert (12 * excess[:, least].mean() + 1) / 13 <= 0.2
    assert found["lower"] == found["upper"] or (12 * excess[:, least - 1].mean() + 1) / 13 > 0.2


def test_nothing_to_find_and_nothing_found():
    absent = np.zeros(5, bool)
    assert not risk_control.missed_shares(np.ones(5), absent).any()
    np.testing.assert_array_equal(
        risk_control.excess_shares(np.ones(5, np.float32), absent)[[0, -1]], [1, 0]
    )


def test_expected_losses_stay_below_alpha():
    """Of structures whose probabilities are off by a case's own shift, and volumes whose intervals are too narrow."""
    rng = np.random.default_rng(9)
    cases, voxels = CALIBRATION + TEST, 400
    truth = rng.random((cases, voxels)) < rng.uniform(0.05, 0.4, (cases, 1))
    logits = 3 * truth - 1 + rng.normal(0, 1, (cases, voxels)) - rng.normal(1, 1, (cases, 1))
    p = (1 / (1 + np.exp(-logits))).astype(np.float32)
    missed = np.array([risk_control.missed_shares(*pair) for pair in zip(p, truth, strict=True)])
    excess = np.array([risk_control.excess_shares(*pair) for pair in zip(p, truth, strict=True)])
    volume = truth.sum(1).astype(float)
    scores = conformal.volume_scores(volume, 0.9 * volume.mean(), 1.1 * volume.mean(), 1.0)

    def held(calibration, test):
        found = risk_control.bounding_thresholds(missed[calibration], excess[calibration], ALPHA)
        place = [
            list(risk_control.THRESHOLDS).index(np.float32(found[side]))
            for side in ("upper", "lower")
        ]
        inside = (scores[test] <= conformal.conformal_quantile(scores[calibration], ALPHA)).mean()
        return missed[test, place[0]].mean(), excess[test, place[1]].mean(), inside

    risks = coverages(rng, held)
    error = 3.5 * risks.std(0) / math.sqrt(PARTITIONS)
    assert (risks[:, :2].mean(0) <= ALPHA + error[:2]).all()
    assert risks[:, 0].mean() > ALPHA - 0.03  # and not by giving up
    assert risks[:, 2].mean() >= 0.9 - error[2]


def coverages(rng, held):
    """What `held` finds for each of many random partitions into calibration and test cases."""
    cases = CALIBRATION + TEST
    return np.array(
        [held(*np.split(rng.permutation(cases), [CALIBRATION])) for _ in range(PARTITIONS)]
    )


def test_a_share_of_voxels_reaches_each_threshold():
    p = np.array([[0.0, 0.2], [0.5, 1.0]], np.float32)
    found = risk_control.reaching_shares(p)
    expected = [(p >= threshold).mean() for threshold in risk_control.THRESHOLDS]
    np.testing.assert_allclose(found, expected)
    assert (found[0], found[-1]) == (1.0, 0.0)


def test_too_few_cases_control_no_risk():
    losses = np.zeros((8, len(risk_control.THRESHOLDS)))
    with pytest.raises(DataError, match="8 calibration cases are too few"):
        risk_control.bounding_thresholds(losses, losses, 0.1)
