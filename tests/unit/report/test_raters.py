"""The figure of raters."""

import pytest

from tfuq.report.raters import rater_figure


def test_each_structure_has_its_agreement_and_its_sizes():
    raters, cases, structures = [], [], []
    for name in ("a", "b"):
        for case, sizes in (("c", (9, 11)), ("d", (4, 5))):
            for rater, size in zip(("one", "two"), sizes, strict=True):
                row = {"case": case, "class": name, "rater": rater, "dice": 0.5}
                raters.append(row | {"area_px2": float(size)})
            cases.append({"case": case, "class": name, "rater_dice": 0.8, "dice_raters": 0.7})
            row = {"case": case, "class": name, "component": "all"}
            structures.append(row | {"area_lower_px2": 3.0, "area_upper_px2": 8.0})
    figure = rater_figure(raters, cases, structures)
    left, right, *others = figure.axes
    assert len(others) == 2
    assert left.get_title() == "a, 2 cases"
    assert left.collections[0].get_offsets().tolist() == [pytest.approx([0.8, 0.7])] * 2
    assert right.get_ylabel() == "area (pixel²)"
    points = right.collections[1].get_offsets().tolist()
    assert sorted(points) == [[0, 4], [0, 5], [1, 9], [1, 11]]  # the smaller first
