"""The figure of a study."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.support.figures import legend_of
from tfuq.report.study import study_figure

ROWS = [
    {"method": "vi", "size": "10", "dice.mean": 0.5},
    {"method": "vi", "size": "2", "dice.mean": None},
    {"method": "mc", "size": "10", "dice.mean": 0.7},
    {"method": "mc", "size": "2", "dice.mean": 0.6},
]


def test_numbers_are_along_x_whatever_the_order_of_the_axes():
    (axes,) = study_figure(["method", "size"], ["dice.mean"], ROWS).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("size", "dice: mean")
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert lines == {"vi": [[10.0, 0.5]], "mc": [[10.0, 0.7], [2.0, 0.6]]}
    assert axes.get_legend().get_title().get_text() == "method"


def test_names_stand_one_after_another():
    (axes,) = study_figure(["method"], ["dice.mean"], ROWS[::2]).axes
    assert axes.lines[0].get_xydata().tolist() == [[0.0, 0.5], [1.0, 0.7]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["vi", "mc"]
    assert axes.get_legend() is None


def test_what_is_no_finite_number_is_a_name():
    rows = [{"size": size, "dice": 0.5} for size in ("1", "nan")]
    (axes,) = study_figure(["size"], ["dice"], rows).axes
    assert axes.lines[0].get_xdata().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("axes", [["n", "by"], ["by", "n"]])
def test_figures_of_studies_have_a_line_for_each_combination(axes):
    """Numbers go along x wherever the study has them; empty cells are left out."""
    rows = [
        {"n": n, "by": by, "dice": None if n == "5" else float(n)}
        for n in ("5", "10", "20")
        for by in ("a", "b")
    ]
    figure = study_figure(axes, ["dice"], rows)
    assert isinstance(figure, Figure)
    (panel,) = figure.axes
    assert [line.get_label() for line in panel.lines] == ["a", "b"]
    assert legend_of(panel) == ["a", "b"]
    np.testing.assert_array_equal(panel.lines[0].get_xydata(), [[10, 10], [20, 20]])
    assert panel.get_xlabel() == "n"
    assert list(panel.get_xticks()) == [5, 10, 20]


def test_each_column_has_a_panel():
    rows = [{"n": "1", "dice": 0.5, "correlation.pairwise_dice": 0.1}]
    panels = study_figure(["n"], ["dice", "correlation.pairwise_dice"], rows).axes
    assert [panel.get_ylabel() for panel in panels] == ["dice", "correlation: pairwise dice"]
    np.testing.assert_array_equal(panels[1].lines[0].get_xydata(), [[1, 0.1]])
