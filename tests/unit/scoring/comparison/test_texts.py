"""What a comparison says: numbers as texts, units, aligned tables."""

import pytest

from tfuq.scoring.comparison.cells import Cell
from tfuq.scoring.comparison.texts import (
    aligned,
    difference_text,
    heading,
    number_text,
    score_text,
    with_unit,
)
from tfuq.scoring.paired import PairedDifference


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dice", "dice"),
        ("hd95_mm", "hd95_mm (mm)"),
        ("nll", "nll (nat)"),
        ("area_difference_px2", "area_difference_px2 (pixel²)"),
        ("volume_std_mm3", "volume_std_mm3 (mm³)"),
        ("pairwise_dice", "pairwise_dice"),
    ],
)
def test_plain_numbers_have_no_unit(name, text):
    assert with_unit(name) == text


def test_scores_and_headings():
    assert score_text(Cell(mean=0.5, std=0.25, cases=12, is_best=True)) == "**0.5000 ± 0.2500**"
    assert score_text(Cell(mean=-2.0, std=None, cases=12, is_best=False)) == "-2.0000"
    assert heading("vi", 5) == "vi, T = 5"
    assert heading("vi", None) == "vi, T not noted"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-0.3, 0.1, "-0.1000 (-0.3000 to +0.1000), p 0.012"),
        (None, None, "-0.1000, p 0.012"),
    ],
)
def test_a_difference_has_its_interval_where_there_is_one(low, high, text):
    difference = PairedDifference(estimate=-0.1, low=low, high=high, p=0.0123)
    assert (
        difference_text(Cell(mean=0, std=None, cases=12, is_best=False, difference=difference))
        == text
    )


def test_what_is_missing_is_a_dash():
    assert difference_text(Cell(mean=0, std=None, cases=12, is_best=False)) == "–"
    assert number_text(None) == "–"
    assert number_text(0.0) == "0"
    assert number_text(12345.6) == "1.235e+04"


def test_columns_are_as_wide_as_their_widest_cell():
    assert aligned([["a", "long"], ["wider", "x"]]).splitlines() == [
        "| a     | long |",
        "| ----- | ---- |",
        "| wider | x    |",
    ]
