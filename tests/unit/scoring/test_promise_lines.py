"""Promises in words."""

import numpy as np
import pytest

from tfuq.scoring import coverage, sizes
from tfuq.scoring.promise_lines import promise_lines, promise_remarks, size_text

KEPT = {"promised": 0.9, "realized": 0.95, "interval": [0.9, 0.98], "broken": False}


def test_a_size_that_says_nothing_is_called_so():
    assert size_text(sizes.lower_size(np.zeros(2), np.ones(2))) == (
        "0.00 times the reference's volume, VACUOUS (says nothing) in 100% of cases"
    )
    assert size_text({"mean_radius": 2.0, "half_diagonal_share": None, "vacuous": 0.0}) == (
        "mean radius 2.00"
    )


def test_a_group_has_one_promise_or_several():
    lines = list(
        promise_lines({"lac": KEPT, "liver": {"missed_by_upper": KEPT | {"interval": None}}})
    )
    assert lines == [
        "lac: coverage 0.9500 (0.900 to 0.980), promised 0.9",
        "liver: missed by upper 0.9500 (–), promised 0.9",
    ]


@pytest.mark.parametrize("outside", [None, "above"])
def test_the_band_of_true_promises_is_named(outside):
    band = {"band": [0.8, 1.0], "outside": outside, "calibrated_on": 19, "n": 10}
    (line,) = promise_lines({"lac": KEPT | band})
    ending = "; 19 calibration and 10 test cases allow 0.800 to 1.000"
    if outside:
        ending += ", ABOVE that"
    assert line.endswith(ending)


def test_a_caveat_of_the_calibration_comes_first():
    summary = {"calibration": {"caveat": "chosen on"}, "conformal": {"a": KEPT | {"vacuous": 0.5}}}
    caveat, vacuous = promise_remarks(summary)
    assert caveat == "chosen on"
    assert vacuous.startswith("a: coverage: VACUOUS (says nothing) in 50% of cases")


def test_lines_of_a_broken_promise():
    row = coverage.realized(np.arange(40) < 20, 0.9, 99) | sizes.set_size(np.ones((40, 3), bool))
    (line,) = promise_lines({"lac": row})
    assert "99 calibration and 40 test cases allow 0.775 to 1.000, BELOW that" in line
    assert "mean set size 3.000" in line
    broken, vacuous = promise_remarks({"conformal": {"lac": row}})
    assert broken.startswith("outside the band that the numbers of cases allow: lac: coverage")
    assert "VACUOUS" in vacuous
    assert list(promise_remarks({"scores": {}})) == []
