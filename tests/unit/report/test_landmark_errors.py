"""Figures of an uncertainty against the error."""

import numpy as np

from tests.support.figures import drawn, titles
from tfuq.report.landmark_errors import error_scatter, quantile_bars
from tfuq.scoring.association import grouped_correlations
from tfuq.scoring.landmark_detection import errors_by_quantile


def test_scatter_and_quantiles(tmp_path):
    rng = np.random.default_rng(4)
    measure = rng.lognormal(0, 2, (20, 19))
    errors = rng.gamma(2, 1, (20, 19)) * measure**0.3
    errors[:3, 4] = np.nan
    found = grouped_correlations(measure, errors)["spearman"]
    figure = error_scatter(measure, errors, "E-CPV (mm²)", found)
    within, pooled = titles(figure)[0].split("\n")
    assert within.startswith(
        f"ρ within landmarks = {found['within']:.2f} ({found['within_lower']:.2f} to "
    )
    assert pooled.endswith("n = 377 in 20 images")
    assert "p =" not in titles(figure)[0]
    drawn(figure, tmp_path)
    nothing = np.ones((2, 2))
    undefined = grouped_correlations(nothing, nothing)["spearman"]
    assert "undefined" in titles(error_scatter(nothing, nothing, "variance (mm²)", undefined))[0]
    rows = errors_by_quantile(measure, errors)
    figure = quantile_bars(rows)
    assert [bar.get_height() for bar in figure.axes[0].patches] == [
        row["mean_error"] for row in rows
    ]
    drawn(figure, tmp_path)
    drawn(quantile_bars(errors_by_quantile(np.ones((2, 3)), np.ones((2, 3)) * 5)), tmp_path)
