"""Measures of one landmark's samples: spread, ellipse, parts of the variance."""

import numpy as np
import pytest

from tests.support import references
from tfuq.measures.landmark import Ellipse, landmark_measures


@pytest.mark.parametrize("mm", [None, np.array([0.1, 0.1]), np.array([0.2, 0.5])])
def test_measures_against_the_reference(mm):
    rng = np.random.default_rng(3)
    points = rng.normal(size=(7, 2)) @ rng.normal(size=(2, 2)) + 40
    row = landmark_measures(points, activations := rng.random(7), mm)
    expected = references.landmark_spread(points) | {
        "x": points[:, 0].mean(),
        "y": points[:, 1].mean(),
    }
    if mm is not None:
        expected |= {
            f"{name}_mm": value for name, value in references.landmark_spread(points * mm).items()
        }
        expected |= {"x_mm": points[:, 0].mean() * mm[0], "y_mm": points[:, 1].mean() * mm[1]}
    expected |= {"max_activation": activations.mean()}
    ellipse = {name: row.pop(name) for name in list(row) if name.startswith("ellipse")}
    assert set(row) == set(expected)
    for name, value in expected.items():
        assert row[name] == pytest.approx(value), name
    assert ellipse["ellipse_long"] >= ellipse["ellipse_short"] >= 0


def test_a_known_ellipse_holds_95_percent():
    turn = np.deg2rad(30)
    axes = np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )  # along, across; y down
    draws = np.random.default_rng(0).normal(size=(200_000, 2)) * [3, 1] @ axes
    row = landmark_measures(draws, np.ones(len(draws)), None)
    assert row["ellipse_degrees"] == pytest.approx(30, abs=0.3)
    assert row["ellipse_long"] == pytest.approx(3 * 2.4477, rel=0.01)
    assert row["ellipse_short"] == pytest.approx(2.4477, rel=0.01)
    along, across = (draws @ axes.T / [row["ellipse_long"], row["ellipse_short"]]).T
    assert (along**2 + across**2 <= 1).mean() == pytest.approx(0.95, abs=0.003)


@pytest.mark.parametrize("samples", [3, 4, 5, 8, 20])
def test_few_samples_have_an_ellipse_that_holds_95_percent_of_further_ones(samples):
    """χ²'s quantile of the covariance over T, as it was, held 0.63 at T = 5."""
    rng, mix, repeats = np.random.default_rng(samples), np.array([[3.0, 1.0], [0.0, 0.7]]), 3000
    drawn = rng.normal(size=(repeats, samples, 2)) @ mix
    further = rng.normal(size=(repeats, 2)) @ mix
    held = []
    for points, new in zip(drawn, further, strict=True):
        row = landmark_measures(points, np.ones(samples), None)
        ellipse = Ellipse(
            long=row["ellipse_long"],
            short=row["ellipse_short"],
            degrees=row["ellipse_degrees"],
        )
        held.append(ellipse.holds(new - points.mean(0)))
    assert np.mean(held) == pytest.approx(0.95, abs=0.013)  # 3 standard errors


def test_samples_on_a_line_or_in_a_point_have_an_ellipse_too():
    line = landmark_measures(np.array([[0.0, 0], [2, -2], [1, -1]]), np.ones(3), None)
    assert (line["ellipse_degrees"], line["ellipse_short"]) == (
        pytest.approx(135),
        pytest.approx(0, abs=1e-6),
    )
    point = landmark_measures(np.ones((3, 2)), np.ones(3), None)
    assert (point["variance"], point["ellipse_long"], point["ellipse_short"]) == (0, 0, 0)
    no_spread = Ellipse(long=0.0, short=0.0, degrees=0.0)
    assert no_spread.holds(np.zeros(2))
    assert not no_spread.holds(np.array([0.0, 1e-3]))
    assert set(landmark_measures(np.ones((1, 2)), np.ones(1), None)) == {"x", "y", "max_activation"}
    two = landmark_measures(np.array([[0.0, 0], [2, -2]]), np.ones(2), None)
    assert "covariance_xx" in two
    assert not any(name.startswith("ellipse") for name in two)


@pytest.mark.parametrize("count", [1, 6])
def test_parts_of_a_landmarks_variance_against_the_reference(count):
    rng = np.random.default_rng(count)
    points, predicted, mm = (
        rng.normal(size=(count, 2)) * 3,
        rng.random((count, 2)),
        np.array([0.5, 2.0]),
    )
    row = landmark_measures(points, np.ones(count), mm, predicted)
    for unit, scale in (("", 1.0), ("_mm", mm)):
        expected = references.variance_parts(points * scale, predicted * np.square(scale))
        for name, value in expected.items():
            if count == 1 and not name.startswith("aleatoric"):
                assert name + unit not in row
            else:
                assert row[name + unit] == pytest.approx(value, rel=1e-9), name
    if count > 1:
        assert row["epistemic_variance"] == pytest.approx(row["variance"])
    assert "aleatoric_variance" not in landmark_measures(points, np.ones(count), mm)
