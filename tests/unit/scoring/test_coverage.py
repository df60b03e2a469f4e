"""Conformal prediction against slow references, MAPIE, and its own promises."""

import math

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from mapie.conformity_scores import APSConformityScore, LACConformityScore
from scipy import stats
from sklearn.linear_model import LogisticRegression

from tests.support import references_scores as slow
from tfuq.calibration import conformal, risk_control
from tfuq.errors import DataError
from tfuq.scoring import coverage


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


def test_realized_coverage():
    row = coverage.realized(np.arange(50) < 45, 0.9, calibrated_on=99)
    assert (row["realized"], row["n"]) == (0.9, 50)
    low = stats.beta.ppf(0.025, 45, 6), stats.beta.ppf(0.975, 46, 5)
    assert row["interval"] == pytest.approx(low)
    assert row["band"][0] < 0.9 < row["band"][1]
    losses = np.array([0.1, 0.0, 0.3, 0.0])
    assert coverage.mean_loss(losses, 0.1, 99)["interval"] == pytest.approx(
        [0, stats.t.interval(0.95, 3, 0.1, stats.sem(losses))[1]]
    )
    assert coverage.mean_loss(losses[:1], 0.1, 99)["interval"] is None
    # Six losses of 0 say that a loss of 1 has at most the probability that leaves none of six with 2.5 %.
    assert coverage.mean_loss(np.zeros(6), 0.1, 99)["interval"] == pytest.approx(
        [0, 1 - 0.025 ** (1 / 6)]
    )
    assert coverage.mean_loss(np.ones(6), 0.1, 99)["interval"] == pytest.approx(
        [0.025 ** (1 / 6), 1]
    )
    assert coverage.mean_loss(np.full(6, 0.3), 0.1, 99)["interval"] is None


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


PARTITIONS, CALIBRATION, TEST, ALPHA = 300, 99, 150, 0.1


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


def test_coverage_bands():
    """Against the beta-binomial law, by simulation of ranks."""
    rng, m, n, alpha = np.random.default_rng(0), 19, 10, 0.1
    ranks = rng.random((200_000, m + n)).argsort(1).argsort(1)
    quantile = np.sort(ranks[:, :m], 1)[:, int(np.ceil((m + 1) * (1 - alpha))) - 1]
    covered = (ranks[:, m:] <= quantile[:, None]).mean(1)
    low, high = coverage.coverage_band(m, n, alpha)
    assert (covered < low).mean() <= 0.0255
    assert (covered <= low).mean() > 0.025
    assert high == 1.0
    inside, below = (
        coverage.realized(np.ones(n, bool), 0.9, m),
        coverage.realized(np.arange(n) < 5, 0.9, m),
    )
    assert (inside["outside"], inside["broken"]) == (None, False)
    assert (below["outside"], below["broken"], below["calibrated_on"]) == ("below", True, m)
    above = coverage.realized(np.ones(400, bool), 0.9, 400)
    assert (above["outside"], above["broken"]) == ("above", False)
    assert "band" not in coverage.realized(np.ones(3, bool), 0.9)


@pytest.mark.parametrize(
    "law", [lambda rng, shape: rng.random(shape) < 0.3, lambda rng, shape: rng.beta(0.4, 3, shape)]
)
def test_mean_losses_stay_in_their_band(law):
    """Losses that fall with the threshold, some 0 or 1, some between: at most 2.5 % of mean losses lie above the band."""
    rng, m, n, alpha, repeats = np.random.default_rng(1), 29, 12, 0.2, 4000
    above = 0
    for _ in range(repeats):
        severity, scale = rng.random(m + n), law(rng, m + n).astype(float)
        losses = np.where(
            np.linspace(0, 1, 41)[:, None] < severity, np.maximum(scale, severity > 0.7), 0
        ).T
        holds = (m * losses[:m].mean(0) + 1) / (m + 1) <= alpha
        chosen = losses[m:, np.flatnonzero(holds)[0]] if holds.any() else np.zeros(n)
        above += coverage.mean_loss(chosen, alpha, m)["broken"]
    assert above / repeats <= 0.025 + 3 * np.sqrt(0.025 / repeats)
    row = coverage.mean_loss(np.array([1.0] * 9 + [0.0] * 3), alpha, m)
    assert (row["outside"], row["broken"]) == ("above", True)
    rank = int(np.ceil((m + 1) * (1 - alpha)))
    assert row["band"][1] == pytest.approx(stats.betabinom(n, m + 1 - rank, rank).ppf(0.975) / n)
