"""A few landmarks on a picture, at rising severity or by several methods."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tfuq.report.landmark_strip import landmark_strip, spread_out

NAMES = ["sella", "nasion", "menton"]


def example(samples=3, **more):
    found = np.arange(samples * 6.0).reshape(samples, 3, 2) ** 1.2
    points = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, np.nan]])
    return {"image": np.zeros((40, 50, 1)), "found": found, "points": points} | more


def test_each_landmark_has_one_colour_for_samples_mean_spread_and_truth():
    shown = example()
    (axes,) = landmark_strip({0.0: shown}, NAMES, "noise").axes
    lines = np.array(axes.lines, object).reshape(3, 3)  # truth, samples and mean of each landmark
    for k, (truth, samples, mean) in enumerate(lines):
        found = shown["found"][:, k]
        np.testing.assert_array_equal(samples.get_xydata(), found)
        np.testing.assert_allclose(mean.get_xydata(), [found.mean(0)])
        np.testing.assert_array_equal(truth.get_xydata(), shown["points"][[k]])
        circle = axes.patches[k]
        assert circle.center == pytest.approx(found.mean(0))
        expected = np.mean([np.hypot(*(point - found.mean(0))) for point in found])
        assert circle.radius == pytest.approx(expected)
        assert {line.get_color() for line in (samples, mean, truth)} == {
            to_hex(circle.get_edgecolor()).upper()
        }
        assert [line.get_marker() for line in (samples, mean, truth)] == [".", "*", "x"]
    assert len({samples.get_color() for _, samples, _ in lines}) == 3
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 49.5), (39.5, -0.5))


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_legend_names_what_is_shown():
    marks = ["sample", "mean of the samples", "mean distance from it", "truth"]
    assert legend(landmark_strip({"a": example(), "b": example(1)}, NAMES, "c")) == marks + NAMES
    alone = example(1, points=np.full((3, 2), np.nan))
    figure = landmark_strip({0.0: alone}, NAMES, "c", [1])
    assert legend(figure) == ["sample", "mean of the samples", "nasion"]
    assert not figure.axes[0].patches


def test_a_picture_of_each_severity_stands_in_a_row():
    figure = landmark_strip({-45.0: example(), 0.0: example(), 45.0: example()}, NAMES, "rotation")
    assert [axes.get_title() for axes in figure.axes] == ["−45", "0", "45"]


def test_a_few_landmarks_lie_far_from_each_other():
    points = np.array([[0, 0], [0, 1], [9, 0], [5, 5], [0, 9], [9, 9], [np.nan, 3]], float)
    assert spread_out(points, 5) == [0, 2, 3, 4, 5]
    assert spread_out(points[:2], 5) == [0, 1]
    assert spread_out(points[-1:], 5) == []
