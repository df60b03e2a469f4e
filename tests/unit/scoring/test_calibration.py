"""Calibration scores against slow references, scikit-learn and known answers."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from tests.support import references
from tests.support import references_scores as slow
from tfuq.scoring import calibration
from tfuq.scoring.calibration import (
    brier,
    error_auroc,
    expected_calibration_error,
    negative_log_likelihood,
)


@pytest.fixture(params=range(3))
def predictions(request):
    rng = np.random.default_rng(request.param)
    p = rng.dirichlet(np.ones(4) * (0.3 if request.param else 2), 90)
    return p, np.array([rng.choice(4, p=row) for row in p])


def test_calibration_errors(predictions):
    p, y = predictions
    found = calibration.calibration_errors(p, y)
    assert found["mce"] == pytest.approx(slow.maximum_calibration_error(p, y))
    assert found["ece_classwise"] == pytest.approx(slow.classwise_calibration_error(p, y))
    assert found["ece_adaptive"] == pytest.approx(slow.adaptive_calibration_error(p, y))


def test_calibration_of_fewer_items_than_bins():
    p, y = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), np.array([0, 1, 1])
    assert calibration.adaptive_calibration_error(p, y) == pytest.approx((0.1 + 0.2 + 0.6) / 3)


def test_murphys_parts(predictions):
    p, y = predictions
    parts = calibration.brier_parts(p, y)
    assert [parts[n] for n in ("reliability", "resolution", "uncertainty")] == pytest.approx(
        slow.binned_brier(p, y)
    )
    whole = parts["reliability"] - parts["resolution"] + parts["uncertainty"] + parts["within_bins"]
    assert whole == pytest.approx(calibration.brier(p, y))
    assert calibration.brier(p, y) == pytest.approx(brier_score_loss(y, p, scale_by_half=False))


def test_murphys_parts_are_exact_where_a_bin_has_one_probability():
    rng = np.random.default_rng(0)
    foreground = rng.choice([0.1, 0.3, 0.7], 500)
    p, y = np.stack([1 - foreground, foreground], -1), (rng.random(500) < foreground).astype(int)
    parts = calibration.brier_parts(p, y)
    assert parts["within_bins"] == pytest.approx(0, abs=1e-12)
    frequent = np.broadcast_to(np.bincount(y) / len(y), p.shape)
    assert calibration.brier_parts(frequent, y)["skill"] == pytest.approx(0)
    assert calibration.brier_parts(p, np.zeros(500, int))["skill"] is None


def test_reliability_bins_are_those_of_sklearn():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 400)
    p, y = np.stack([1 - confidence, confidence], -1), (rng.random(400) < confidence).astype(int)
    bins = calibration.confidence_bins(p, y, 10)
    used = bins.items > 0
    accuracy, mean = calibration_curve(y, confidence, n_bins=10)
    np.testing.assert_allclose(bins.correct[used] / bins.items[used], accuracy)
    np.testing.assert_allclose(bins.confidence[used] / bins.items[used], mean)


@pytest.mark.parametrize("classes", [2, 4])
def test_calibration_scores_against_references_and_sklearn(classes):
    rng = np.random.default_rng(classes)
    p = rng.dirichlet(np.ones(classes), size=400)
    y = rng.integers(0, classes, 400)
    assert negative_log_likelihood(p, y) == pytest.approx(sklearn_metrics.log_loss(y, p))
    assert brier(p, y) == pytest.approx(
        np.mean([np.sum((p[i] - np.eye(classes)[y[i]]) ** 2) for i in range(400)])
    )
    assert expected_calibration_error(p, y) == pytest.approx(
        references.expected_calibration_error(p, y)
    )
    wrong = p.argmax(1) != y
    assert error_auroc(1 - p.max(1), wrong) == pytest.approx(
        references.area_under_roc(1 - p.max(1), wrong)
    )
    assert error_auroc(p.max(1), np.zeros(400, bool)) is None


@pytest.mark.parametrize("digits", [1, 2, 12])
@pytest.mark.parametrize("n", [1, 9, 1000])
def test_bins_of_equally_many_items_need_no_sorting(n, digits, monkeypatch):
    """Against items that are sorted, of which equal ones stay as they come."""
    monkeypatch.setattr(calibration, "_BLOCK", 70)
    rng = np.random.default_rng(n)
    confidence = np.round(rng.random(n), digits)
    correct = rng.random(n) < confidence
    order = np.argsort(confidence, kind="stable")
    differences = correct[order] - confidence[order]
    edges = np.unique(np.arange(15) * n // 15)
    expected = np.abs(np.add.reduceat(differences, edges)).sum() / n
    assert calibration.adaptive_gap(confidence, correct) == pytest.approx(expected, rel=1e-11)
