"""Classification scores against slow references, sklearn, and known answers."""

import numpy as np
import pytest
from sklearn import metrics

from tests.support import references, references_tables
from tfuq.scoring.classification import (
    class_scores,
    confusion,
    detection_scores,
    ood_scores,
    rejection_curve,
)


@pytest.fixture(params=range(3))
def predictions(request):
    """Probabilities of 5 classes for 60 cases, true classes of which one never occurs, and one class never predicted."""
    rng = np.random.default_rng(request.param)
    y = rng.integers(0, 4, 60)
    p = rng.dirichlet(np.ones(5), 60) + 0.4 * np.eye(5)[y]
    p[:, 2] *= 0.05
    return p / p.sum(1, keepdims=True), y


def test_class_scores(predictions):
    p, y = predictions
    scores = class_scores(p, y)
    expected = references_tables.class_scores(p.tolist(), y.tolist())
    assert {name: scores[name] for name in expected} == pytest.approx(expected)
    assert scores["ece"] == pytest.approx(references.expected_calibration_error(p, y))
    assert set(scores) == {*expected, "ece", "ece_classwise", "ece_adaptive", "mce"}
    guess = p.argmax(1)
    assert scores["f1_weighted"] == pytest.approx(
        metrics.f1_score(y, guess, average="weighted", zero_division=0)
    )
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        assert scores["balanced_accuracy"] == pytest.approx(
            metrics.balanced_accuracy_score(y, guess)
        )
    assert scores["nll"] == pytest.approx(metrics.log_loss(y, p, labels=range(5)))


def test_confusion_has_true_classes_as_rows(predictions):
    p, y = predictions
    matrix = confusion(p, y)
    np.testing.assert_array_equal(matrix, references_tables.confusion(p.argmax(1), y, 5))
    np.testing.assert_array_equal(matrix.sum(1), np.bincount(y, minlength=5))
    np.testing.assert_array_equal(
        confusion(np.array([[0.1, 0.9, 0]]), np.array([0])), [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    )


@pytest.mark.parametrize("seed", range(3))
def test_detection_scores_with_ties(seed):
    rng = np.random.default_rng(seed)
    wrong = rng.random(80) < 0.3
    uncertainty = np.round(rng.random(80) + 0.4 * wrong, 1)
    scores = detection_scores(uncertainty, wrong)
    assert scores["auroc"] == pytest.approx(references.area_under_roc(uncertainty, wrong))
    assert scores["aupr"] == pytest.approx(references_tables.average_precision(uncertainty, wrong))


def test_detection_is_undefined_without_both_kinds():
    for wrong in (np.zeros(4, bool), np.ones(4, bool), np.zeros(0, bool)):
        assert detection_scores(np.linspace(0, 1, len(wrong)), wrong) == {
            "auroc": None,
            "aupr": None,
        }
    assert detection_scores(np.ones(4), np.array([True, False, False, False])) == {
        "auroc": 0.5,
        "aupr": 0.25,
    }


@pytest.mark.parametrize("sizes", [(50, 40), (33, 7), (7, 60), (100, 100)])
def test_ood_scores(sizes):
    rng = np.random.default_rng(sizes)
    inside, outside = (
        np.round(rng.normal(0, 1, sizes[0]), 1),
        np.round(rng.normal(1.5, 1, sizes[1]), 1),
    )
    scores = ood_scores(inside, outside)
    everything, is_out = np.concatenate([inside, outside]), np.arange(sum(sizes)) >= sizes[0]
    assert scores["auroc"] == pytest.approx(references.area_under_roc(everything, is_out))
    assert scores["aupr"] == pytest.approx(references_tables.average_precision(everything, is_out))
    assert scores["fpr95"] == pytest.approx(references_tables.fpr95(inside, outside))


def test_ood_scores_of_known_answers():
    assert ood_scores(np.zeros(5), np.ones(9)) == {"auroc": 1.0, "aupr": 1.0, "fpr95": 0.0}
    assert ood_scores(np.ones(5), np.zeros(9))["fpr95"] == 1.0
    # 19 of 20 are at least 1: the one at 0 need not be caught.
    assert ood_scores(np.array([0.5, 2.0]), np.array([0.0] + [1.0] * 19))["fpr95"] == 0.5
    assert ood_scores(np.array([]), np.ones(3)) == {"auroc": None, "aupr": None, "fpr95": None}


@pytest.mark.parametrize("seed", range(3))
def test_rejection_curve(seed):
    rng = np.random.default_rng(seed)
    correct = rng.random(50) < 0.7
    uncertainty = np.round(rng.random(50) - 0.3 * correct, 1)
    kept, accuracy = rejection_curve(uncertainty, correct)
    np.testing.assert_allclose(
        [kept, accuracy], references_tables.rejection_curve(uncertainty, correct)
    )
    order = rng.permutation(50)
    np.testing.assert_array_equal(
        rejection_curve(uncertainty[order], correct[order]), [kept, accuracy]
    )
    assert (kept[-1], accuracy[-1]) == (1, correct.mean())
