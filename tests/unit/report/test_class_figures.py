"""Figures of classification and landmarks: they draw what they are given, and cope with what is missing."""

import numpy as np
import pytest
from PIL import Image

from tfuq.report.classification import confusion_figure, extremes, rejection
from tfuq.report.landmark_errors import error_scatter, quantile_bars
from tfuq.report.landmarks import overlay
from tfuq.report.plotting import save
from tfuq.report.ranking import reliability, risk_coverage
from tfuq.scoring.association import grouped_correlations
from tfuq.scoring.calibration import Bins, confidence_bins
from tfuq.scoring.classification import confusion, rejection_curve
from tfuq.scoring.evaluation.scores import reliability_rows
from tfuq.scoring.failure import Cohort, rank_measures
from tfuq.scoring.landmark_detection import errors_by_quantile

DIGITS = [str(k) for k in range(10)]


def drawn(figure, folder):
    """The saved picture's size in pixels; there is something on it."""
    with Image.open(save(figure, folder / "figure.png")) as image:
        assert np.asarray(image.convert("L")).std() > 5
        return image.size


def sampled(rng, n=60, classes=10, samples=50):
    """True classes, votes of the samples, and their shares as probabilities."""
    truth = rng.integers(0, classes, n)
    mean = (
        rng.dirichlet(np.full(classes, 0.3), n)
        + rng.random((n, 1)) ** 2 * 3 * np.eye(classes)[truth]
    )
    mean /= mean.sum(1, keepdims=True)
    votes = np.array([rng.multinomial(samples, row) for row in mean])
    return truth, votes, votes / samples


def titles(figure):
    return [axes.get_title() for axes in figure.get_axes() if axes.get_title()]


@pytest.mark.parametrize("channels", [1, 3])
def test_extremes_are_the_right_ones(tmp_path, channels):
    rng = np.random.default_rng(0)
    truth, votes, p = sampled(rng)
    measure = 1 - votes.max(1) / votes.sum(1)
    figure = extremes(rng.normal(size=(60, 12, 12, channels)), p, votes, truth, measure, DIGITS, 3)
    wrong = p.argmax(1) != truth
    surest = np.flatnonzero(wrong)[measure[wrong].argmin()]
    assert (
        titles(figure)[0]
        == f"var-ratio {measure[surest]:.2f}\ntruth {truth[surest]}, predicted {p[surest].argmax()}"
    )
    assert [part.get_suptitle().split(",")[0] for part in figure.subfigs] == ["wrong"] * 2 + [
        "right"
    ] * 2
    assert len(titles(figure)) == 12
    drawn(figure, tmp_path)


def test_extremes_without_errors_say_so(tmp_path):
    p = np.eye(3)[[0, 1]]
    figure = extremes(
        np.zeros((2, 5, 5, 1)), p, p * 7, np.array([0, 1]), np.zeros(2), ["cat", "dog", "bird"], 4
    )
    assert figure.subfigs[0].get_suptitle() == "wrong, most certain: none"
    assert len(titles(figure)) == 4
    drawn(figure, tmp_path)


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


def test_rejection_and_confusion(tmp_path):
    truth, votes, p = sampled(np.random.default_rng(2), n=300)
    right = p.argmax(1) == truth
    curves = {
        name: rejection_curve(u, right)
        for name, u in (
            ("variation_ratio", -votes.max(1)),
            ("predictive_entropy", -(p.max(1) ** 2)),
        )
    }
    figure = rejection(curves)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "variation ratio",
        "predictive entropy",
    ]
    drawn(figure, tmp_path)
    figure = confusion_figure(confusion(p, truth), DIGITS)
    assert sum(int(text.get_text()) for text in figure.axes[0].texts) == 300
    drawn(figure, tmp_path)
    drawn(confusion_figure(np.eye(30, dtype=int), [f"class {k}" for k in range(30)]), tmp_path)


def landmarks(rng, count=19, samples=15):
    """Truths, sampled positions and their moments in an image 96 wide and 120 high."""
    truth = rng.uniform(10, 85, (count, 2))
    spread = rng.uniform(0.5, 3, (count, 1))
    drawn_positions = (
        truth + rng.normal(0, 1, (count, 2)) + spread * rng.normal(0, 1, (samples, count, 2))
    )
    covariance = np.array([np.cov(drawn_positions[:, k].T) for k in range(count)])
    return truth, drawn_positions, drawn_positions.mean(0), covariance


def test_overlay_has_the_proportions_of_its_image_and_an_ellipse_for_each_covariance(tmp_path):
    rng = np.random.default_rng(3)
    truth, samples, position, covariance = landmarks(rng)
    truth[2], covariance[4] = np.nan, np.nan
    figure = overlay(
        rng.random((120, 96, 1)),
        truth,
        position,
        samples,
        covariance,
        [f"landmark number {k}" for k in range(19)],
    )
    assert len(figure.axes[0].patches) == 18
    assert "19  landmark number 18" in figure.axes[0].texts[-1].get_text()
    width, height = drawn(figure, tmp_path)
    assert height > 0.8 * width
    names = [str(k) for k in range(19)]
    figure = overlay(
        rng.random((120, 96, 3)), None, position, samples[:1], np.full((19, 2, 2), np.nan), names
    )
    assert [text.get_text() for text in figure.axes[0].texts] == names
    drawn(figure, tmp_path)


def test_ellipses_hold_95_of_100(tmp_path):
    matrix = np.array([[9.0, 4.0], [4.0, 3.0]])
    figure = overlay(
        np.eye(40)[..., None],
        None,
        np.array([[20.0, 20.0]]),
        np.zeros((100_000, 1, 2)),
        matrix[None],
        ["a"],
    )
    ellipse = figure.axes[0].patches[0]
    points = np.random.default_rng(0).multivariate_normal([20, 20], matrix, 4000)
    assert np.mean(
        ellipse.get_path().contains_points(points, ellipse.get_patch_transform())
    ) == pytest.approx(0.95, abs=0.015)


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
