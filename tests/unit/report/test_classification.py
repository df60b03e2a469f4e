"""Figures of a classification: they draw what they are given, and cope with what is missing."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.support.figures import DIGITS, drawn, sampled, titles
from tfuq.report.classification import confusion_figure, extremes, rejection, roc_figure
from tfuq.report.plotting import RIGHT, WRONG
from tfuq.scoring.classification import confusion, rejection_curve


@pytest.mark.parametrize("channels", [1, 3])
def test_extremes_are_the_right_ones(tmp_path, channels):
    rng = np.random.default_rng(0)
    truth, votes, p = sampled(rng)
    measure = 1 - votes.max(1) / votes.sum(1)
    figure = extremes(rng.normal(size=(60, 12, 12, channels)), p, votes, truth, measure, DIGITS, 3)
    wrong = p.argmax(1) != truth
    surest = np.flatnonzero(wrong)[measure[wrong].argmin()]
    assert (
        titles(figure)[0] == f"variation ratio {measure[surest]:.2f}\n"
        f"truth {truth[surest]}\npredicted {p[surest].argmax()}"
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


def test_a_vote_for_the_true_class_has_the_colour_of_what_is_right():
    image = np.zeros((1, 4, 4, 1))
    votes = np.array([[1, 5, 2]])
    figure = extremes(
        image, votes / 8, votes, np.array([2]), np.zeros(1), ["cat", "dog", "bird"], 1
    )
    bars = next(axes for axes in figure.get_axes() if axes.patches).patches
    assert [bar.get_height() for bar in bars] == [1, 5, 2]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [WRONG, WRONG, RIGHT]


def test_a_class_without_cases_has_shares_of_nothing():
    matrix = np.array([[3, 1], [0, 0]])
    image = confusion_figure(matrix, ["cat", "dog"]).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), [[0.75, 0.25], [0, 0]])


@pytest.mark.parametrize(("names", "degrees"), [(["a", "no"], 0), (["a", "yes"], 90)])
def test_long_names_of_classes_are_turned(names, degrees):
    axes = confusion_figure(np.eye(2, dtype=int), names).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {degrees}


def test_a_roc_curve_is_labelled_with_its_area(tmp_path):
    curve = (np.array([0, 0.2, 1]), np.array([0, 0.9, 1]))
    figure = roc_figure({"pneumonia": curve}, {"pneumonia": 0.85})
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["pneumonia, area 0.850"]
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), curve[0])
    drawn(figure, tmp_path)
