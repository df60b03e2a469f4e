"""Landmarks on their image."""

import numpy as np
import pytest

from tests.support.figures import drawn
from tfuq.report.landmarks import overlay


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


def test_one_or_two_samples_have_no_ellipse():
    place = np.array([[4.0, 5.0]])
    for samples in (1, 2):
        figure = overlay(
            np.eye(8)[..., None],
            place,
            place,
            np.tile(place, (samples, 1, 1)),
            np.eye(2)[None],
            ["a"],
        )
        assert len(figure.axes[0].patches) == 0
        assert [line.get_label() for line in figure.axes[0].lines] == [
            "sample",
            "truth",
            "mean of the samples",
        ]
