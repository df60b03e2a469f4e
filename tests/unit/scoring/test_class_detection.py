"""Each class against all others, beside scikit-learn and scipy."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from tfuq.scoring.class_detection import class_rows, mean_area, roc_curve

NAMES = ["normal", "bacterial", "viral"]


@pytest.fixture(params=range(3))
def predictions(request):
    """Probabilities of 3 classes for 90 cases in steps of 0.1, so that many are equal."""
    rng = np.random.default_rng(request.param)
    y = rng.integers(0, 3, 90)
    p = np.round(rng.dirichlet(np.ones(3), 90) + 0.5 * np.eye(3)[y], 1) + 0.1
    return p / p.sum(1, keepdims=True), y


def test_figures_are_those_of_scikit_learn(predictions):
    p, y = predictions
    guess = p.argmax(1)
    for number, row in enumerate(class_rows(p, y, NAMES)):
        is_true = y == number
        is_guess = guess == number
        assert row["class"] == NAMES[number]
        assert row["cases"] == is_true.sum()
        assert row["auroc"] == pytest.approx(metrics.roc_auc_score(is_true, p[:, number]))
        assert row["sensitivity"] == pytest.approx(metrics.recall_score(is_true, is_guess))
        specificity = metrics.recall_score(is_true, is_guess, pos_label=False)
        assert row["specificity"] == pytest.approx(specificity)


def test_intervals_of_shares_are_exact(predictions):
    p, y = predictions
    row = class_rows(p, y, NAMES)[0]
    hits = int(((p.argmax(1) == 0) & (y == 0)).sum())
    low = stats.beta.ppf(0.025, hits, row["cases"] - hits + 1)
    high = stats.beta.ppf(0.975, hits + 1, row["cases"] - hits)
    assert (row["sensitivity_lower"], row["sensitivity_upper"]) == pytest.approx((low, high))


def test_the_interval_of_an_area_is_that_of_resampled_cases(predictions):
    """Against a plain bootstrap with other random numbers."""
    p, y = predictions
    row = class_rows(p, y, NAMES)[1]
    rng = np.random.default_rng(99)
    areas = []
    for _ in range(1000):
        chosen = rng.integers(0, len(y), len(y))
        areas.append(metrics.roc_auc_score(y[chosen] == 1, p[chosen, 1]))
    expected = np.percentile(areas, [2.5, 97.5])
    found = (row["auroc_lower"], row["auroc_upper"])
    assert found == pytest.approx(expected, abs=0.02)


def test_classes_that_do_not_overlap_have_an_area_without_an_interval():
    row = class_rows(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1]), ["a", "b"])[1]
    assert (row["auroc"], row["auroc_lower"], row["auroc_upper"]) == (1.0, None, None)


def test_a_class_without_cases_has_a_specificity_alone():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    rows = class_rows(p, np.array([0, 1]), NAMES)
    assert (rows[2]["cases"], rows[2]["sensitivity"], rows[2]["auroc"]) == (0, None, None)
    assert rows[2]["specificity"] == 1.0
    assert mean_area(rows) == 1.0
    assert roc_curve(p, np.array([0, 1]), 2) is None


def test_there_is_no_mean_area_of_one_class():
    rows = class_rows(np.array([[0.7, 0.3], [0.6, 0.4]]), np.array([0, 0]), ["a", "b"])
    assert mean_area(rows) is None


def test_a_curve_goes_through_what_its_thresholds_give():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
    false_positives, sensitivities = roc_curve(p, np.array([0, 0, 1, 1]), 1)
    points = list(zip(false_positives, sensitivities, strict=True))
    assert points == [(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)]
