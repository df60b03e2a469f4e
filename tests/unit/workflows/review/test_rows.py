"""Rows of ``review.csv``."""

from __future__ import annotations

import numpy as np
import pytest

from tfuq.calibration.observed import Observed, Part
from tfuq.calibration.quality_kinds import DICE, RADIAL_ERROR
from tfuq.calibration.review import ReviewChoices, fit_review
from tfuq.workflows.review.rows import review_rows
from tfuq.workflows.review.tasks import PartPlace


def observed(name, x, y, quality=None):
    parts = []
    for structure, agreement in (("x", x), ("y", y)):
        parts.append(Part(name=structure, measures={"pairwise_dice": agreement}, quality=quality))
    return Observed(case=name, parts=parts)


PLACES = {
    "x": PartPlace(columns={"place_i": 1}, words="samples disagree most at its upper end"),
    "y": PartPlace(columns={"place_i": 2}, words="samples disagree most at its middle"),
}


def test_without_a_calibration_structures_are_ordered_and_nothing_is_said_of_quality():
    rows = review_rows(observed("a", 0.9, 0.7), DICE, "pairwise_dice", PLACES, rules=None, unit="1")
    assert [row["structure"] for row in rows] == ["y", "x"]
    assert rows[0] == {
        "case": "a",
        "structure": "y",
        "decision": None,
        "reason": "y: samples disagree most at its middle",
        "place_i": 2,
        "unlike_training": "",
        "pairwise_dice": 0.7,
    }


def test_with_a_calibration():
    rng = np.random.default_rng(0)
    cases = []
    for number in range(60):
        agreement = float(rng.uniform(0.7, 1))
        cases.append(observed(f"{number:02}", agreement, agreement, quality=agreement))
    rules = fit_review(cases, DICE, ReviewChoices(quality="dice:0.85"), alpha=0.1)
    rows = review_rows(
        observed("a", 0.72, 0.9), DICE, "pairwise_dice", PLACES, rules=rules, unit="1"
    )
    assert [row["structure"] for row in rows] == ["x", "y"]
    first = rows[0]
    assert first["decision"] == "refer"
    assert first["estimated_dice_lower"] <= first["estimated_dice"] <= first["estimated_dice_upper"]
    assert 0 <= first["dice_at_least"] < first["estimated_dice"]
    expected = (
        f"estimated Dice {first['estimated_dice']:.2f}, at least {first['dice_at_least']:.2f}"
    )
    assert (
        f"x: samples disagree most at its upper end; {expected}; mean pairwise" in first["reason"]
    )


def test_errors_have_their_unit_in_the_column():
    measures = {"mean_radial_spread_mm": 1.0}
    cases = []
    for number in range(30):
        part = Part(name="x", measures=measures, quality=1.0)
        cases.append(Observed(case=str(number), parts=[part]))
    rules = fit_review(cases, RADIAL_ERROR, ReviewChoices(quality="radial-error:4"), alpha=0.1)
    (row,) = review_rows(
        cases[0], RADIAL_ERROR, "mean_radial_spread_mm", PLACES, rules=rules, unit="mm"
    )
    assert row["estimated_radial_error_mm"] == pytest.approx(1)
    assert row["radial_error_at_most_mm"] == pytest.approx(1)
    assert row["decision"] == "keep"
