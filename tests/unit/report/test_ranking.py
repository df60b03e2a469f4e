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
