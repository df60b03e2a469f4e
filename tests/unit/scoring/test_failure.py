"""Failure detection against slow references, scipy, and known answers."""

import numpy as np
import pytest
from scipy import stats

from tests.support import references
from tfuq.scoring import areas, failure


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
