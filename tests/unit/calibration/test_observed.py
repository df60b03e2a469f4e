"""Cases as they were predicted: mean, worst and missing measures."""

import math

import pytest

from tests.support.observed import part
from tfuq.calibration.observed import WHOLE, Observed, case_quality, case_uncertainty, part_of
from tfuq.calibration.quality_kinds import DICE, RADIAL_ERROR

TWO = Observed(
    case="a", parts=[part("x", 0.9, 0.8), part("y", 0.7, 0.5), part("both", 0.1, 0.0, False)]
)


def test_a_case_has_the_mean_or_the_worst_of_its_structures_without_regions():
    assert case_quality(TWO, DICE, "mean") == pytest.approx(0.65)
    assert case_quality(TWO, DICE, "worst") == 0.5
    assert case_quality(TWO, RADIAL_ERROR, "worst") == 0.8
    assert case_uncertainty(TWO, "pairwise_dice", "mean") == pytest.approx(-0.8)
    assert case_uncertainty(TWO, "pairwise_dice", "worst") == -0.7


def test_a_missing_measure_and_an_unlike_image_are_infinitely_uncertain():
    missing = Observed(case="a", parts=[part("x", None), part("y", 0.9)])
    unlike = Observed(case="a", parts=[part("x", 0.9)], unlike=["voxel size"])
    for case in (missing, unlike):
        assert case_uncertainty(case, "pairwise_dice", "mean") == math.inf
    assert case_quality(missing, DICE, "mean") is None


def test_a_part_has_the_ranked_measures_as_tables_round_them():
    row = {"case": "a", "volume_mm3": 3.0, "pairwise_dice": 0.123456789, "mean_entropy": None}
    made = part_of("x", row, "structure", quality=0.5)
    assert made.measures == {"pairwise_dice": 0.123457}
    assert part_of(WHOLE, {"predictive_entropy": "0.25"}, "image").measures == {
        "predictive_entropy": 0.25
    }
