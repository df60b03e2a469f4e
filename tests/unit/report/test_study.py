"""The figure of a study."""

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
