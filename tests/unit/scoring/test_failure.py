"""Failure detection against slow references, scipy, and known answers."""

import numpy as np
import pytest
from scipy import stats

from tests.support import references, references_scores
from tfuq.errors import DataError
from tfuq.scoring import areas, bootstrap, failure
from tfuq.scoring.evaluation.cohorts import segmentation_cohorts
from tfuq.scoring.evaluation.failures import FailureOptions


@pytest.mark.parametrize("seed", range(4))
def test_areas_with_ties(seed):
    rng = np.random.default_rng(seed)
    confidence, risk = np.round(rng.random(6), 1 if seed % 2 else 0), rng.random(6)
    found = areas.areas(confidence, risk)
    expected = {name: getattr(references_scores, name)(confidence, risk) for name in areas.AREAS}
    assert found == pytest.approx(expected, abs=1e-12)
    coverage, selective = areas.risk_coverage_curve(confidence, risk)
    np.testing.assert_allclose(selective, references_scores.selective_risks(confidence, risk))
    np.testing.assert_allclose(coverage, np.arange(1, 7) / 6)
    assert (coverage[-1], selective[-1]) == (1, pytest.approx(risk.mean()))


@pytest.mark.parametrize("seed", range(3))
def test_augrc_of_failures_is_a_function_of_auroc_and_accuracy(seed):
    """The identity of Traub et al. 2024, which also holds with ties."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(200) < 0.3
    confidence = np.round(rng.random(200) - 0.2 * wrong, 1)
    a, auroc = 1 - wrong.mean(), references.area_under_roc(-confidence, wrong)
    assert areas.areas(confidence, wrong)["augrc"] == pytest.approx(
        (1 - auroc) * a * (1 - a) + (1 - a) ** 2 / 2
    )


def test_areas_of_known_answers():
    risk = np.array([0.0, 0.0, 1.0])
    assert areas.areas(np.array([3, 2, 1]), risk) == pytest.approx(
        {"aurc": 1 / 9, "e_aurc": 0, "augrc": 1 / 18}
    )
    assert areas.areas(np.ones(3), risk)["aurc"] == pytest.approx(
        1 / 3
    )  # no order: the mean risk at every coverage
    assert areas.areas(np.arange(4), np.ones(4)) == pytest.approx(
        {"aurc": 1, "e_aurc": 0, "augrc": 0.5}
    )


def test_intervals_are_those_of_resampled_cases(monkeypatch):
    rng = np.random.default_rng(5)
    confidence, risk, cases = (
        np.round(rng.random(30), 1),
        rng.random(30),
        np.repeat(np.arange(10), 3),
    )
    found = areas.area_intervals(confidence, risk, cases, seed=3, draws=50)
    again, drawn = np.random.default_rng(3), []
    for _ in range(50):
        rows = np.concatenate([np.flatnonzero(cases == c) for c in again.integers(0, 10, 10)])
        drawn.append(areas.areas(confidence[rows], risk[rows]))
    for name, interval in found.items():
        assert interval == pytest.approx(np.percentile([d[name] for d in drawn], [2.5, 97.5]))
    assert found != areas.area_intervals(confidence, risk, cases, seed=4, draws=50)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 100)  # in parts
    in_parts = areas.area_intervals(confidence, risk, cases, seed=3, draws=50)
    assert all(in_parts[name] == pytest.approx(found[name]) for name in found)


def cohort(confidences, risk, failed):
    return failure.Cohort(
        level="case", risk=risk, failed=failed, cases=np.arange(len(risk)), confidences=confidences
    )


def test_rank_puts_the_best_measure_first_and_leaves_out_missing_values():
    rng = np.random.default_rng(0)
    risk = rng.random(40)
    perfect, blind = -risk, rng.random(40)
    partly = np.where(np.arange(40) < 5, np.nan, -risk)
    values = {"blind": blind, "perfect": perfect, "partly": partly, "nothing": np.full(40, np.nan)}
    rows = failure.rank_measures(cohort(values, risk, risk > 0.8))
    by_name = {row["measure"]: row for row in rows}
    assert list(by_name)[-1] == "blind"
    assert set(by_name) == {"blind", "perfect", "partly"}
    assert (by_name["partly"]["n"], by_name["perfect"]["n"]) == (35, 40)
    assert {"e_aurc": 0.0, "auroc_failure": 1.0, "spearman": -1.0}.items() <= {
        name: round(value, 9)
        for name, value in by_name["perfect"].items()
        if isinstance(value, float)
    }.items()
    blindly = by_name["blind"]
    assert blindly["aurc_lower"] < blindly["aurc"] < blindly["aurc_upper"]
    assert blindly["spearman_lower"] < blindly["spearman"] < blindly["spearman_upper"]
    assert (
        blindly["auroc_failure_lower"] < blindly["auroc_failure"] < blindly["auroc_failure_upper"]
    )
    assert blindly["spearman"] == pytest.approx(references.spearman(blind, risk))
    assert blindly["pearson"] == pytest.approx(stats.pearsonr(blind, risk)[0])
    assert blindly["auroc_failure"] == pytest.approx(references.area_under_roc(-blind, risk > 0.8))


def test_undefined_figures_are_none():
    alike = cohort({"constant": np.ones(2)}, np.array([0.2, 0.4]), np.zeros(2, bool))
    (row,) = failure.rank_measures(alike)
    assert (row["auroc_failure"], row["spearman"], row["pearson"]) == (None, None, None)
    assert (
        failure.rank_measures(cohort({"missing": np.full(3, np.nan)}, np.ones(3), np.ones(3, bool)))
        == []
    )


def test_items_of_one_case_have_no_intervals():
    """Resampled, one case is itself, and its landmarks would have intervals without width."""
    rng = np.random.default_rng(0)
    risk, confidence = rng.random(19), rng.random(19)
    items = failure.Cohort(
        level="landmark",
        risk=risk,
        failed=risk > 0.5,
        cases=np.zeros(19, int),
        confidences={"variance": confidence},
    )
    (row,) = failure.rank_measures(items)
    assert row["aurc"] == pytest.approx(areas.areas(confidence, risk)["aurc"])
    assert row["spearman"] == pytest.approx(stats.spearmanr(confidence, risk)[0])
    assert {value for name, value in row.items() if name.endswith(("_lower", "_upper"))} == {None}


@pytest.mark.parametrize("limit", [0.0, -3.0, np.nan, np.inf])
def test_a_limit_that_nothing_is_on_either_side_of_is_refused(limit):
    with pytest.raises(DataError, match=r"--failure-at .* is not above 0"):
        FailureOptions(limit=limit)


def test_a_dice_above_one_is_refused_as_a_limit():
    with pytest.raises(DataError, match=r"--failure-at 1.5: no Dice is above 1"):
        segmentation_cohorts([], [], [], FailureOptions(limit=1.5))
