"""Figures of an uncertainty against the error."""

import numpy as np
import pytest

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


UNDEFINED = dict.fromkeys(("within", "within_lower", "within_upper", "rho", "lower", "upper")) | {
    "n": 0,
    "cases": 0,
}


def test_points_without_a_measure_or_an_error_are_left_out():
    measure = np.array([1.0, np.nan, 3.0, 4.0])
    errors = np.array([0.5, 1.0, np.nan, 2.0])
    points = error_scatter(measure, errors, "variance", UNDEFINED).axes[0].collections[0]
    np.testing.assert_array_equal(points.get_offsets(), [[1, 0.5], [4, 2]])


@pytest.mark.parametrize(
    ("measure", "scale"),
    [
        ([1.0, 1.0, 31.0], "log"),
        ([1.0, 1.0, 30.0], "linear"),
        ([0.0, 1.0, 100.0], "linear"),
        ([np.nan] * 3, "linear"),
    ],
    ids=["wide", "narrow", "with zero", "none"],
)
def test_a_measure_of_a_wide_range_is_on_a_logarithmic_axis(measure, scale):
    figure = error_scatter(np.array(measure), np.ones(3), "variance", UNDEFINED)
    assert figure.axes[0].get_xscale() == scale


def test_an_empty_quantile_is_named_so():
    row = {"low": None, "high": None, "n": 0, "mean_error": None, "failure_rate": None}
    left, right = quantile_bars([row], threshold_mm=2.5).axes
    assert [label.get_text() for label in left.get_xticklabels()] == ["empty"]
    assert left.patches[0].get_height() == 0
    assert right.get_ylabel() == "share off by 2.5 mm or more"
