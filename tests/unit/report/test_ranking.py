"""Figures of confidence."""

import numpy as np
import pytest

from tests.support.figures import drawn, sampled, titles
from tfuq.report.ranking import reliability, risk_coverage
from tfuq.scoring.calibration import Bins, confidence_bins
from tfuq.scoring.evaluation.scores import reliability_rows
from tfuq.scoring.failure import Cohort, rank_measures


def test_reliability_shows_the_bins_of_the_calibration_error(tmp_path):
    truth, _, p = sampled(np.random.default_rng(1), n=400)
    count, confidence, correct = confidence_bins(p, truth, 10)
    assert (count.sum(), correct.sum()) == (400, (p.argmax(1) == truth).sum())
    assert (
        (confidence <= count * np.arange(1, 11) / 10 + 1e-9)
        & (confidence >= count * np.arange(10) / 10)
    ).all()
    figure = reliability(reliability_rows(Bins(count, confidence, correct)))
    assert f"{np.abs(correct - confidence).sum() / 400:.4f}" in titles(figure)[0]
    drawn(figure, tmp_path)


def test_risk_coverage_shows_the_best_measures_and_the_best_order(tmp_path):
    rng = np.random.default_rng(3)
    risk = rng.random(30)
    found = {
        name: -risk + rng.normal(0, noise, 30) for name, noise in (("near", 0.1), ("far", 3.0))
    }
    cohort = Cohort(
        level="case",
        risk=risk,
        failed=risk > 0.7,
        cases=np.arange(30),
        confidences=found | {"partly": np.where(risk > 0.5, -risk, np.nan)},
    )
    figure = risk_coverage(cohort, rank_measures(cohort))
    lines = {text.get_text().split(" (")[0] for text in figure.axes[0].get_legend().get_texts()}
    assert lines == {"near", "far", "partly", "best order"}
    assert all(
        line.get_ydata()[-1] == pytest.approx(risk.mean())
        for line in figure.axes[0].lines
        if len(line.get_xdata()) == 30
    )
    drawn(figure, tmp_path)


def test_an_item_without_the_measure_is_left_out_of_its_line():
    cohort = Cohort(
        level="case",
        risk=np.array([0.0, 1.0, 0.5]),
        failed=np.array([False, True, False]),
        cases=np.arange(3),
        confidences={"sure": np.array([0.9, 0.1, np.nan])},
    )
    line, best = risk_coverage(cohort, [{"measure": "sure", "aurc": 0.25}]).axes[0].lines
    np.testing.assert_allclose(line.get_xydata(), [[0.5, 0], [1, 0.5]])
    np.testing.assert_allclose(best.get_xydata(), [[1 / 3, 0], [2 / 3, 0.25], [1, 0.5]])
    assert line.get_label() == "sure (0.25)"


def test_only_so_many_measures_have_a_line():
    names = [f"m{k}" for k in range(9)]
    cohort = Cohort(
        level="case",
        risk=np.arange(4.0),
        failed=np.arange(4) > 1,
        cases=np.arange(4),
        confidences=dict.fromkeys(names, np.arange(4.0)),
    )
    rows = [{"measure": name, "aurc": 1.0} for name in names]
    lines = risk_coverage(cohort, rows, count=2).axes[0].lines
    assert [line.get_label() for line in lines] == ["m0 (1)", "m1 (1)", "best order"]


def test_empty_bins_have_no_bar():
    rows = [
        {"from": 0.0, "items": 0, "confidence": None, "accuracy": None},
        {"from": 0.5, "items": 4, "confidence": 0.75, "accuracy": 0.25},
    ]
    above, below = reliability(rows).axes
    (bar,) = above.patches
    assert (bar.get_x(), bar.get_width(), bar.get_height()) == (0.5, 0.5, 0.25)
    assert [bar.get_height() for bar in below.patches] == [1]
    assert above.get_title().endswith(": 0.5000")
