"""Conformal prediction against slow references, MAPIE, and its own promises."""

import math

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from mapie.conformity_scores import APSConformityScore, LACConformityScore
from scipy import stats
from sklearn.linear_model import LogisticRegression

from tests.support import references_scores as slow
from tfuq.calibration import conformal
from tfuq.errors import DataError
from tfuq.scoring import coverage

PARTITIONS, CALIBRATION, TEST, ALPHA = 300, 99, 150, 0.1


def drawn_classes(rng, n, classes=6):
    """Probabilities that are right, and classes drawn from them."""
    p = rng.dirichlet(np.full(classes, 0.5), n)
    return p, (rng.random((n, 1)) > np.cumsum(p, 1)).sum(1).clip(0, classes - 1)


def scores_of_truth(p, y, rule, u=0.0):
    return conformal.class_scores(p, rule, u)[np.arange(len(y)), y]


def test_class_scores():
    rng = np.random.default_rng(0)
    p, u = rng.dirichlet(np.ones(5), 20), rng.random(20)
    np.testing.assert_allclose(conformal.class_scores(p, "lac"), 1 - p)
    expected = np.array([slow.adaptive_scores(row, v) for row, v in zip(p, u, strict=True)])
    np.testing.assert_allclose(conformal.class_scores(p, "aps", u), expected)
    rank = 1 + (p[:, None, :] > p[:, :, None]).sum(-1)
    penalty = conformal.RAPS_PENALTY * np.maximum(rank - conformal.RAPS_FREE, 0)
    np.testing.assert_allclose(conformal.class_scores(p, "raps", u), expected + penalty)


@pytest.mark.parametrize("n", [9, 10, 37, 99])
def test_quantile(n):
    scores = np.random.default_rng(n).normal(size=n)
    for alpha in (0.1, 0.25, 0.5):
        assert conformal.conformal_quantile(scores, alpha) == slow.quantile(scores, alpha)


@pytest.mark.parametrize("rule", ["lac", "aps"])
def test_sets_are_mapies(rule):
    """Of a classifier that both see. MAPIE's APS counts a random part of the class when it calibrates, all of it in sets, none of
    which it leaves empty."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(600, 3))
    y = (x @ rng.normal(size=(3, 4)) + rng.gumbel(size=(600, 4))).argmax(1)
    model = LogisticRegression().fit(x[:200], y[:200])
    score = {"lac": LACConformityScore(), "aps": APSConformityScore()}[rule]
    theirs = SplitConformalClassifier(
        model, confidence_level=0.9, conformity_score=score, prefit=True, random_state=5
    )
    theirs.conformalize(x[200:400], y[200:400])
    _, sets = theirs.predict_set(
        x[400:], conformity_score_params={"include_last_label": False} if rule == "aps" else {}
    )
    p, u = model.predict_proba(x), 1 - np.random.RandomState(5).uniform(size=200)
    quantile = conformal.conformal_quantile(scores_of_truth(p[200:400], y[200:400], rule, u), 0.1)
    ours = conformal.prediction_sets(p[400:], rule, quantile, 1.0)
    if rule == "aps":
        ours[np.arange(200), p[400:].argmax(1)] = True
    np.testing.assert_array_equal(ours, sets[:, :, 0])


def test_volume_intervals_hold_what_their_scores_say():
    low, high, true = np.array([90.0, 50, 0]), np.array([120.0, 60, 4]), np.array([125.0, 55, 0])
    scores = conformal.volume_scores(true, low, high, 1.0)
    assert scores == pytest.approx([math.log(126 / 121), math.log(56 / 61), 0.0])
    for score, *case in zip(scores, low, high, true, strict=True):
        for more in (-0.01, 0.01):
            least, most = conformal.volume_interval(*case[:2], 1.0, score + more)
            assert (least - 1e-9 <= case[2] <= most + 1e-9) == (more > 0)
    assert conformal.volume_interval(99.0, 143.0, 1.0, -5.0) == pytest.approx(
        (119.0, 119.0)
    )  # never inside out


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 1.5, math.nan])
def test_alpha_out_of_range(alpha):
    with pytest.raises(DataError, match=r"--alpha .* is not between 0 and 1"):
        conformal.check_alpha(alpha, 100)


def test_too_few_cases():
    for n, alpha in ((9, 0.1), (19, 0.05), (1, 0.5)):
        conformal.check_alpha(alpha, n)
        with pytest.raises(DataError, match=f"{n - 1} calibration cases are too few .* needs {n} "):
            conformal.check_alpha(alpha, n - 1)
    with pytest.raises(DataError, match="needs 9"):
        conformal.conformal_quantile(np.ones(1), 0.1)


def coverages(rng, held):
    """What `held` finds for each of many random partitions into calibration and test cases."""
    cases = CALIBRATION + TEST
    return np.array(
        [held(*np.split(rng.permutation(cases), [CALIBRATION])) for _ in range(PARTITIONS)]
    )


@pytest.mark.parametrize("rule", conformal.SET_RULES)
def test_coverage_follows_the_beta_binomial(rule):
    """Fresh cases each time, so that shares are independent draws of the law: a Kolmogorov-Smirnov test cannot tell them."""
    rng = np.random.default_rng(7)

    def held(calibration, test):
        (p, y), u = drawn_classes(rng, CALIBRATION + TEST), rng.random(CALIBRATION + TEST)
        scores = scores_of_truth(p, y, rule, u)
        return (scores[test] <= conformal.conformal_quantile(scores[calibration], ALPHA)).mean()

    found = coverages(rng, held)
    low, high = coverage.coverage_band(CALIBRATION, TEST, ALPHA)
    inside = ((found >= low) & (found <= high)).mean()
    assert (
        stats.binomtest(int(inside * PARTITIONS), PARTITIONS, 0.95).pvalue > 1e-3 or inside > 0.95
    )
    assert found.mean() == pytest.approx(0.9, abs=3.5 * found.std() / math.sqrt(PARTITIONS))


@pytest.mark.parametrize("rule", ["aps", "raps"])
def test_sets_that_are_never_empty_cover_at_least(rule):
    rng = np.random.default_rng(8)
    p, y = drawn_classes(rng, CALIBRATION + TEST)
    scores = scores_of_truth(p, y, rule)

    def held(calibration, test):
        quantile = conformal.conformal_quantile(scores[calibration], ALPHA)
        sets = conformal.prediction_sets(p[test], rule, quantile)
        assert sets.any(1).all()
        return sets[np.arange(TEST), y[test]].mean()

    found = coverages(rng, held)
    assert found.mean() >= 0.9 - 3.5 * found.std() / math.sqrt(PARTITIONS)


@pytest.mark.parametrize(("cases", "alpha", "rank"), [(9, 0.1, 9), (19, 0.1, 18), (99, 0.05, 95)])
def test_the_rank_is_not_one_too_high_by_rounding(cases, alpha, rank):
    """(n + 1)(1 − α) is whole here, and floating point puts it above or below."""
    assert conformal.quantile_rank(cases, alpha) == rank


def test_the_unit_of_a_radius_is_that_of_its_row():
    row = {"x": 1.0, "mean_radial_spread": 2.0}
    assert conformal.landmark_scale(row) == 3.0
    assert conformal.landmark_scale(row | {"x_mm": 0.1, "mean_radial_spread_mm": 0.2}) == 1.2
    assert conformal.landmark_scale({"x": 1.0}) == 1.0  # one sample has no spread


def test_one_sample_gives_its_volume_for_both_ends():
    assert conformal.predicted_interval({"volume_mm3": 5.0}) == (5.0, 5.0)
    row = {"volume_mm3": 5.0, "volume_lower_mm3": 4.0, "volume_upper_mm3": 7.0}
    assert conformal.predicted_interval(row) == (4.0, 7.0)
